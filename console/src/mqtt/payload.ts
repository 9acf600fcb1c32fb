// A message's payload as it is shown.
import type { MqttMessage } from "../api/types.gen";

/** JSON laid out over lines; null where the payload is none. */
export function prettyJson(text: string): string | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

/** The payload's text: laid out if wanted and possible, and what stands for bytes that are no text. */
export function payloadText(message: MqttMessage, isPretty: boolean): string {
  const { payload_text, payload_base64 } = message;
  if (payload_text === null) return `(not text, base64) ${payload_base64}`;
  if (payload_text === "") return "(empty)";
  return (isPretty ? prettyJson(payload_text) : null) ?? payload_text;
}
