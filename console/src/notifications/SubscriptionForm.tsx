// Adds a subscriber to a topic.
import { useState } from "react";
import { subscribe } from "../api/notifications";
import { ActionDialog } from "../components/ActionDialog";
import { Segments } from "../components/Segments";
import { PROTOCOLS } from "./protocols";

export function SubscriptionForm({ topic, onClose }: { topic: string; onClose: () => void }) {
  const [protocol, setProtocol] = useState("mqtt");
  const shown = PROTOCOLS.find((one) => one.value === protocol);
  return (
    <ActionDialog
      title={`Subscribe to ${topic}`}
      verb="Subscribe"
      onClose={onClose}
      act={(field) => subscribe(topic, { protocol, endpoint: field("endpoint") })}
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
