import { strFromU8, unzipSync } from "fflate";
import { expect, test } from "vitest";
import type { Endpoint } from "../api/types.gen";
import { archiveOf, folderOf, hostOf, readmeOf } from "./bundle";

const ENDPOINT: Endpoint = { host: "localhost", mqtt_port: 8883, alpn_port: 443 };
const BUNDLE = {
  thing: "ward:pump-17",
  certificate_id: "ab".repeat(32),
  certificate_pem: "CERTIFICATE",
  private_key_pem: "KEY",
  ca_pem: "CA",
};

test("the archive holds what a device needs in one folder", async () => {
  const files = unzipSync(await archiveOf(BUNDLE, ENDPOINT, "localhost"));
  expect(Object.keys(files).sort()).toEqual([
    "ward_pump-17/README.md",
    "ward_pump-17/ca.pem",
    "ward_pump-17/certificate.pem.crt",
    "ward_pump-17/private.pem.key",
  ]);
  expect(strFromU8(files["ward_pump-17/private.pem.key"] ?? new Uint8Array())).toBe("KEY");
});

test("a device that keeps its key gets none", async () => {
  const kept = { ...BUNDLE, private_key_pem: null };
  const files = unzipSync(await archiveOf(kept, ENDPOINT, "localhost"));
  expect(Object.keys(files)).not.toContain("ward_pump-17/private.pem.key");
  expect(readmeOf(kept, ENDPOINT, "localhost")).toContain("which the device has");
});

test("the commands name the server as the console is reached, unless it has a name of its own", () => {
  expect(hostOf(ENDPOINT, "picket.ward.example")).toBe("picket.ward.example");
  expect(hostOf(ENDPOINT, "127.0.0.1")).toBe("localhost");
  expect(hostOf({ ...ENDPOINT, host: "mqtt.example" }, "console.example")).toBe("mqtt.example");
  const readme = readmeOf(BUNDLE, { ...ENDPOINT, mqtt_port: null }, "localhost");
  expect(readme).toContain("mosquitto_pub -h localhost -p 443 --tls-alpn x-amzn-mqtt-ca");
  expect(readme).toContain("-t things/ward:pump-17/hello");
});

test("a certificate that is for no thing is named by its id", () => {
  expect(folderOf({ ...BUNDLE, thing: undefined })).toBe("certificate-abababababababab");
});
