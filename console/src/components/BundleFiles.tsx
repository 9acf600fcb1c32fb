// The files a device gets, each to be saved once.
import { download } from "../lib/csv";
import { Icon } from "./Icon";

type Bundle = { certificate_id: string; private_key_pem: string; certificate_pem: string; ca_pem: string };

export function BundleFiles({ bundle }: { bundle: Bundle }) {
  const files = [
    { name: "private.pem.key", text: bundle.private_key_pem },
    { name: "certificate.pem.crt", text: bundle.certificate_pem },
    { name: "ca.pem", text: bundle.ca_pem },
  ];
  return (
    <>
      <div className="panel-body stack">
        <div className="notice warn">
          The private key is not kept here. Save it now; it cannot be had again.
        </div>
        <ul className="stack">
          {files.map((file) => (
            <li key={file.name}>
              <button
                type="button"
                className="button"
                onClick={() => download(file.name, "application/x-pem-file", file.text)}
              >
                <Icon name="download" />
                {file.name}
              </button>
            </li>
          ))}
        </ul>
        <dl className="facts">
          <dt>Certificate id</dt>
          <dd className="mono">{bundle.certificate_id}</dd>
        </dl>
      </div>
      <form method="dialog" className="foot">
        <button type="submit" className="button primary">
          Done
        </button>
      </form>
    </>
  );
}
