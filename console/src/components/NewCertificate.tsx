// Issues a certificate: with a key of its own, shown to nobody again, or for a key that the device keeps.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { createCertificate, createCertificateFromRequest, policiesQuery } from "../api/registry";
import type { Bundle } from "../lib/bundle";
import { ActionDialog, Field } from "./ActionDialog";
import { BundleFiles } from "./BundleFiles";
import { Dialog } from "./Dialog";
import { PemField } from "./PemField";
import { Segments } from "./Segments";

const KEYS = [
  { value: "made", text: "A new key" },
  { value: "kept", text: "The device's own key" },
] as const;

/** With `thing`, it is for that one. */
export function NewCertificate({ thing, onClose }: { thing?: string; onClose: () => void }) {
  const [bundle, setBundle] = useState<Bundle | null>(null);
  const [key, setKey] = useState<(typeof KEYS)[number]["value"]>("made");
  const { data } = useQuery(policiesQuery({}));
  if (bundle) {
    return (
      <Dialog title="The certificate is ready" onClose={onClose}>
        <BundleFiles bundle={bundle} />
      </Dialog>
    );
  }
  return (
    <ActionDialog
      title={thing ? `New certificate for ${thing}` : "New certificate"}
      verb="Issue"
      // It stays open to show the files.
      onClose={() => undefined}
      onCancel={onClose}
      act={async (field) => {
        const name = thing ?? field("thing");
        const purpose = {
          is_active: true,
          ...(name ? { thing: name } : {}),
          ...(field("policy") ? { policies: [field("policy")] } : {}),
        };
        const made = await (key === "kept"
          ? createCertificateFromRequest({ csr_pem: field("csr"), ...purpose })
          : createCertificate(purpose));
        setBundle({ ...made, thing: name || undefined });
      }}
    >
      <Segments label="Whose key" options={KEYS} value={key} onChange={setKey} />
      {key === "kept" ? (
        <PemField
          name="csr"
          label="Certificate signing request"
          required
          placeholder="-----BEGIN CERTIFICATE REQUEST-----"
          hint={
            <>
              Made on the device by{" "}
              <code>openssl req -new -nodes -newkey rsa:2048 -keyout private.pem.key -subj /CN=NAME</code>.
              Its key stays there.
            </>
          }
        />
      ) : null}
      {thing ? null : (
        <Field name="thing" label="Thing" hint="The thing it is attached to; may be left empty." />
      )}
      <Field
        name="policy"
        label="Policy"
        options={data?.policies.map((policy) => policy.name) ?? []}
        hint="What devices with it may do; may be left empty."
      />
    </ActionDialog>
  );
}
