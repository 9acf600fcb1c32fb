// A policy document while it is being written.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { policyCheckQuery } from "../api/registry";
import type { PolicyProblem } from "../api/types.gen";

const PAUSE_MS = 300;

/** What a new policy begins with: a device may do its own things. */
export const STARTER = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "OwnClientId",
      "Effect": "Allow",
      "Action": "iot:Connect",
      "Resource": "arn:aws:iot:*:*:client/\${iot:Connection.Thing.ThingName}"
    },
    {
      "Sid": "OwnTopics",
      "Effect": "Allow",
      "Action": ["iot:Publish", "iot:Receive"],
      "Resource": "arn:aws:iot:*:*:topic/things/\${iot:Connection.Thing.ThingName}/*"
    }
  ]
}
`;

/** The text once nobody has typed for a moment. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** The server's verdict on the text: `undefined` while it is not known. */
export function useVerdict(text: string): PolicyProblem | null | undefined {
  const settled = useSettled(text);
  const { data } = useQuery(policyCheckQuery(settled));
  return settled === text ? data?.problem : undefined;
}

/** Laid out with two spaces where it is JSON; else as it is. */
export function laidOut(document: string): string {
  try {
    return `${JSON.stringify(JSON.parse(document), null, 2)}\n`;
  } catch {
    return document;
  }
}
