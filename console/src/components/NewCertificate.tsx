// Issues a certificate with a key of its own. The private key is shown to nobody again.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { createCertificate, policiesQuery } from "../api/registry";
import type { CertificateBundle } from "../api/types.gen";
import { ActionDialog, Field } from "./ActionDialog";
import { BundleFiles } from "./BundleFiles";
import { Dialog } from "./Dialog";

export function NewCertificate({ onClose }: { onClose: () => void }) {
  const [bundle, setBundle] = useState<CertificateBundle | null>(null);
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
      title="New certificate"
      verb="Issue"
      // It stays open to show the files.
      onClose={() => undefined}
      onCancel={onClose}
      act={async (field) => {
        const made = await createCertificate({
          is_active: true,
          ...(field("thing") ? { thing: field("thing") } : {}),
          ...(field("policy") ? { policies: [field("policy")] } : {}),
        });
        setBundle(made);
      }}
    >
      <Field name="thing" label="Thing" hint="The thing it is attached to; may be left empty." />
      <Field
        name="policy"
        label="Policy"
        options={data?.policies.map((policy) => policy.name) ?? []}
        hint="What devices with it may do; may be left empty."
      />
    </ActionDialog>
  );
}
