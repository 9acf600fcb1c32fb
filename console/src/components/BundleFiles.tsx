// The files a device gets: all in one archive, or each by itself.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { endpointQuery } from "../api/registry";
import { archiveOf, type Bundle, filesOf, folderOf } from "../lib/bundle";
import { download } from "../lib/csv";
import { Icon } from "./Icon";

export function BundleFiles({ bundle }: { bundle: Bundle }) {
  const { data: endpoint, error } = useQuery(endpointQuery);
  const [isSaved, setSaved] = useState(false);
  const archive = `${folderOf(bundle)}.zip`;
  const hasKey = bundle.private_key_pem !== null;
  return (
    <>
      <div className="panel-body stack">
        {hasKey ? (
          <div className="notice warn">
            The private key is not kept here. Save it now; it cannot be had again.
          </div>
        ) : null}
        <div>
          <button
            type="button"
            className="button primary"
            disabled={!endpoint}
            onClick={async () => {
              if (!endpoint) return;
              download(archive, "application/zip", await archiveOf(bundle, endpoint, location.hostname));
              setSaved(true);
            }}
          >
            <Icon name="download" />
            {archive}
          </button>
          <p className="muted">All files, and a README with the commands that connect the device.</p>
          {error ? <p className="text-bad">{error.message} Save the files one by one.</p> : null}
        </div>
        <ul className="file-list" aria-label="Single files">
          {filesOf(bundle).map((file) => (
            <li key={file.name}>
              <button
                type="button"
                className="button"
                onClick={() => {
                  download(file.name, "application/x-pem-file", file.text);
                  if (file.name === "private.pem.key") setSaved(true);
                }}
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
          {endpoint ? (
            <>
              <dt>Connects to</dt>
              <dd className="mono">
                {endpoint.host}:{endpoint.mqtt_port ?? endpoint.alpn_port ?? "–"}
              </dd>
            </>
          ) : null}
        </dl>
      </div>
      <form method="dialog" className="foot">
        {hasKey && !isSaved ? <span className="muted">The key is not saved yet.</span> : null}
        <button type="submit" className="button primary">
          Done
        </button>
      </form>
    </>
  );
}
