// Gives a new device its identity. The private key is shown to nobody again.
import { type FormEvent, useState } from "react";
import { createThing } from "../api/queries";
import type { ThingBundle } from "../api/types.gen";
import { download } from "../lib/csv";
import { Dialog } from "./Dialog";
import { Icon } from "./Icon";

export function NewThing({ onClose }: { onClose: () => void }) {
  const [bundle, setBundle] = useState<ThingBundle | null>(null);
  return (
    <Dialog title={bundle ? `${bundle.thing} is ready` : "New thing"} onClose={onClose}>
      {bundle ? <Files bundle={bundle} /> : <NameForm onMade={setBundle} onClose={onClose} />}
    </Dialog>
  );
}

function NameForm({ onMade, onClose }: { onMade: (bundle: ThingBundle) => void; onClose: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    setBusy(true);
    setProblem(null);
    try {
      onMade(await createThing({ name }));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It did not work.");
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <div className="panel-body stack">
        {problem ? (
          <div className="notice bad" role="alert">
            {problem}
          </div>
        ) : null}
        <div className="field">
          <label htmlFor="thing-name">Name</label>
          <input
            className="input mono"
            id="thing-name"
            name="name"
            required
            maxLength={128}
            pattern="[a-zA-Z0-9:_\-]+"
            spellCheck={false}
            autoComplete="off"
          />
        </div>
        <p className="muted">
          Letters, digits, <code>:</code>, <code>_</code> and <code>-</code>. The device gets a new key, an
          active certificate and the fleet's policy.
        </p>
      </div>
      <div className="foot">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? "Creating …" : "Create"}
        </button>
      </div>
    </form>
  );
}

function Files({ bundle }: { bundle: ThingBundle }) {
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
