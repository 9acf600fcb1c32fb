// A new device's files as one archive, with the words that let it connect.
import type { Endpoint } from "../api/types.gen";

export type Bundle = {
  /** The thing the certificate is for, if it is for one. */
  thing?: string | undefined;
  certificate_id: string;
  certificate_pem: string;
  /** Null where the device has kept its key to itself. */
  private_key_pem: string | null;
  ca_pem: string;
};

export type BundleFile = { name: string; text: string };

/** The files that programs read. */
export function filesOf(bundle: Bundle): BundleFile[] {
  const key = bundle.private_key_pem;
  return [
    ...(key === null ? [] : [{ name: "private.pem.key", text: key }]),
    { name: "certificate.pem.crt", text: bundle.certificate_pem },
    { name: "ca.pem", text: bundle.ca_pem },
  ];
}

/** What the archive and its folder are called. Windows takes no colon. */
export function folderOf(bundle: Bundle): string {
  return (bundle.thing ?? `certificate-${bundle.certificate_id.slice(0, 16)}`).replaceAll(":", "_");
}

/** The name to connect to: as the console is reached itself, where the server only knows `localhost`. */
export function hostOf(endpoint: Endpoint, consoleHost: string): string {
  const isHere = ["localhost", "127.0.0.1", "[::1]", ""].includes(consoleHost);
  return endpoint.host === "localhost" && !isHere ? consoleHost : endpoint.host;
}

/** `README.md` of the archive. Names of things hold nothing that a shell would read. */
export function readmeOf(bundle: Bundle, endpoint: Endpoint, consoleHost: string): string {
  const name = bundle.thing ?? "THING";
  const host = hostOf(endpoint, consoleHost);
  const port = endpoint.mqtt_port ?? endpoint.alpn_port ?? 8883;
  const alpn = endpoint.mqtt_port === null ? " --tls-alpn x-amzn-mqtt-ca" : "";
  const own = bundle.private_key_pem === null;
  const identity = `--cafile ca.pem --cert certificate.pem.crt --key private.pem.key -i ${name}`;
  const mosquitto = (tool: string) => `${tool} -h ${host} -p ${port}${alpn} ${identity} -V mqttv5 -q 1`;
  return `# ${bundle.thing ?? "A certificate"}

Certificate ${bundle.certificate_id}

| file | is |
|---|---|
| private.pem.key | the device's private key${own ? ", which the device has: put it here" : "; nobody else has it. Keep it so"} |
| certificate.pem.crt | what the device shows |
| ca.pem | what the device knows the server by |

Three commands, in this folder. A client id can be connected once: end one before the next.

Say something, which the console's MQTT client shows under \`things/${name}/#\`:

    ${mosquitto("mosquitto_pub")} -t things/${name}/hello -m '{"hello": "world"}'

Listen, and send something from the console's MQTT client:

    ${mosquitto("mosquitto_sub")} -v -t 'things/${name}/#'

Report what the device does, so that it is watched:

    picket-agent run --endpoint ${host} --port ${port}${alpn === "" ? "" : " --alpn"} --thing-name ${name} --identity .

What the device may do is said by the policies of its certificate and of its groups. One that is turned away
finds the reason in the console: Connections, Log.
`;
}

/** The whole archive, all in one folder. */
export async function archiveOf(
  bundle: Bundle,
  endpoint: Endpoint,
  consoleHost: string,
): Promise<Uint8Array> {
  // Loaded when it is needed, which is seldom.
  const { strToU8, zipSync } = await import("fflate");
  const readme = { name: "README.md", text: readmeOf(bundle, endpoint, consoleHost) };
  const folder = folderOf(bundle);
  const files = [...filesOf(bundle), readme].map(({ name, text }) => [`${folder}/${name}`, strToU8(text)]);
  return zipSync(Object.fromEntries(files));
}
