// Adds a subscriber to a topic. A webhook's secret is shown once.
import { useState } from "react";
import { subscribe } from "../api/notifications";
import type { NewSubscriptionRequest } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { Dialog } from "../components/Dialog";
import { Segments } from "../components/Segments";
import { PROTOCOLS } from "./protocols";

type ProtocolName = NewSubscriptionRequest["protocol"];

export function SubscriptionForm({ topic, onClose }: { topic: string; onClose: () => void }) {
  const [protocol, setProtocol] = useState<ProtocolName>("mqtt");
  const [secret, setSecret] = useState<string | null>(null);
  const shown = PROTOCOLS.find((one) => one.value === protocol);
  if (secret !== null) return <Secret secret={secret} onClose={onClose} />;
  return (
    <ActionDialog
      title={`Subscribe to ${topic}`}
      verb="Subscribe"
      // It stays open to show the secret.
      onClose={() => undefined}
      onCancel={onClose}
      act={async (field) => {
        const made = await subscribe(topic, { protocol, endpoint: field("endpoint") });
        if (made.secret === null) onClose();
        else setSecret(made.secret);
      }}
    >
      <Segments label="Protocol" options={PROTOCOLS} value={protocol} onChange={setProtocol} />
      {shown ? (
        <div className="field" key={protocol}>
          <label htmlFor="field-endpoint">{shown.label}</label>
          <input
            className="input mono"
            id="field-endpoint"
            name="endpoint"
            type={shown.type}
            required
            pattern={shown.pattern}
            placeholder={shown.placeholder}
            maxLength={2048}
            spellCheck={false}
            autoComplete="off"
            aria-describedby="endpoint-hint"
          />
          <p className="muted" id="endpoint-hint">
            {shown.hint}
          </p>
        </div>
      ) : null}
    </ActionDialog>
  );
}

function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog title="The webhook's secret" onClose={onClose}>
      <div className="panel-body stack">
        <div className="notice warn">It is shown this once. Give it to the receiver now.</div>
        <div className="field">
          <label htmlFor="secret">Secret</label>
          <input
            className="input mono"
            id="secret"
            readOnly
            value={secret}
            onFocus={(event) => event.target.select()}
          />
        </div>
        <p className="muted anywhere">
          Each message carries <code>x-picket-timestamp</code> and <code>x-picket-signature</code>:{" "}
          <code>v1=</code> and the hex HMAC-SHA256 of <code>timestamp.body</code> by this secret.
        </p>
      </div>
      <form method="dialog" className="foot">
        <button type="submit" className="button primary">
          Done
        </button>
      </form>
    </Dialog>
  );
}
