// The ways in which a topic's subscribers are told, and what their addresses look like.
import type { NewSubscriptionRequest } from "../api/types.gen";

export type Protocol = {
  value: NewSubscriptionRequest["protocol"];
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
    pattern: "[^+#$][^+#]*",
  },
  {
    value: "webhook",
    text: "Webhook",
    label: "Address",
    placeholder: "https://chat.example.com/hooks/ops",
    hint: "The message is posted as it is, signed with a secret that is shown once. Nobody has to confirm.",
    type: "url",
    pattern: "https://.+",
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
  {
    value: "firehose",
    text: "Stream",
    label: "ARN of a delivery stream",
    placeholder: "arn:aws:firehose:us-east-1:000000000000:deliverystream/alarms",
    hint: "Each message becomes a record of the stream.",
    type: "text",
    pattern: "arn:aws:firehose:.+",
  },
];

/** Protocols that only AWS's tools subscribe. */
const OTHERS: Record<string, string> = { http: "HTTP", "email-json": "Email (JSON)" };

/** The name of a protocol; its own where it is not one of ours. */
export function protocolText(value: string): string {
  return PROTOCOLS.find((protocol) => protocol.value === value)?.text ?? OTHERS[value] ?? value;
}
