// The ways in which a topic's subscribers are told, and what their addresses look like.

export type Protocol = {
  value: string;
  text: string;
  label: string;
  placeholder: string;
  hint: string;
  type: "text" | "url" | "email";
  pattern?: string;
};

export const PROTOCOLS: Protocol[] = [
  {
    value: "mqtt",
    text: "MQTT",
    label: "Topic",
    placeholder: "ops/alarms",
    hint: "Messages are published on this topic, for clients that are connected here.",
    type: "text",
    pattern: "[^+#]+",
  },
  {
    value: "webhook",
    text: "Webhook",
    label: "Address",
    placeholder: "https://chat.example.com/hooks/ops",
    hint: "The message is posted as it is; no confirmation is asked for.",
    type: "url",
  },
  {
    value: "https",
    text: "HTTPS",
    label: "Address",
    placeholder: "https://alerts.example.com/sns",
    hint: "AWS's signed envelope is posted. The receiver has to confirm the subscription first.",
    type: "url",
    pattern: "https://.+",
  },
  {
    value: "email",
    text: "Email",
    label: "Mailbox",
    placeholder: "ops@example.com",
    hint: "A mail with a link asks the reader to confirm first.",
    type: "email",
  },
];

/** The name of a protocol; its own where it is not one of ours. */
export function protocolText(value: string): string {
  return PROTOCOLS.find((protocol) => protocol.value === value)?.text ?? value;
}
