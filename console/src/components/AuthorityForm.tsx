// Registers a CA: its certificate, and the proof that somebody has its key.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { registerAuthority, registrationCodeQuery } from "../api/registry";
import { ActionDialog } from "./ActionDialog";
import { PemField } from "./PemField";
import { Segments } from "./Segments";

const PROOFS = [
  { value: "shown", text: "With proof of its key" },
  { value: "none", text: "Without" },
] as const;

export function AuthorityForm({ onClose }: { onClose: () => void }) {
  const [proof, setProof] = useState<(typeof PROOFS)[number]["value"]>("shown");
  const navigate = useNavigate();
  return (
    <ActionDialog
      title="Register a CA"
      verb="Register"
      onClose={onClose}
      act={async (field) => {
        const { id } = await registerAuthority({
          certificate_pem: field("certificate"),
          ...(proof === "shown" ? { verification_pem: field("verification") } : {}),
          is_active: true,
          auto_registration: field("auto") === "on",
          ...(field("template") ? { template: field("template") } : {}),
        });
        await navigate({ to: "/authorities/$id", params: { id } });
      }}
    >
      <PemField
        name="certificate"
        label="CA certificate"
        required
        placeholder="-----BEGIN CERTIFICATE-----"
      />
      <Segments label="Proof" options={PROOFS} value={proof} onChange={setProof} />
      {proof === "shown" ? (
        <Verification />
      ) : (
        <p className="muted">
          Its devices have to name the server when they connect (SNI), and several accounts may share the CA.
        </p>
      )}
      <label className="choice">
        <input type="checkbox" name="auto" />
        <span>
          <b>Devices register themselves</b>
          <span className="muted">
            A device with a certificate of this CA is registered when it first connects. Without a template it
            waits to be activated.
          </span>
        </span>
      </label>
      <TemplateField />
    </ActionDialog>
  );
}

function Verification() {
  const { data, error } = useQuery(registrationCodeQuery);
  const code = data?.code ?? "…";
  return (
    <>
      <p className="muted">
        Sign a certificate for the registration code with the CA's key, to show that you have it:
      </p>
      {error ? <p className="text-bad">{error.message}</p> : null}
      <pre className="code-block">{`openssl req -new -nodes -newkey rsa:2048 -keyout proof.key \\
  -subj /CN=${code} |
openssl x509 -req -CA ca.pem -CAkey ca.key -days 1 -out proof.pem`}</pre>
      <PemField
        name="verification"
        label="Verification certificate"
        required
        placeholder="-----BEGIN CERTIFICATE-----"
      />
    </>
  );
}

/** The provisioning template, in a form. */
export function TemplateField({ value }: { value?: string }) {
  return (
    <div className="field">
      <label htmlFor="field-template">Provisioning template</label>
      <textarea
        className="input mono"
        id="field-template"
        name="template"
        rows={8}
        defaultValue={value}
        placeholder={'{"Parameters": {…}, "Resources": {…}}'}
        spellCheck={false}
        aria-describedby="field-template-hint"
      />
      <p className="muted" id="field-template-hint">
        What is made for a device that registers itself: a thing, the certificate's state, a policy. JSON as
        AWS has it; may be left empty.
      </p>
    </div>
  );
}
