// What a policy is attached to, and the ways to attach and detach.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import {
  attachPolicyToCertificate,
  attachPolicyToGroup,
  detachPolicyFromCertificate,
  detachPolicyFromGroup,
  groupsQuery,
} from "../api/registry";
import type { Policy, PolicyTarget } from "../api/types.gen";
import { ActionDialog, Field } from "../components/ActionDialog";
import { Icon } from "../components/Icon";
import { CertificateLink, GroupLink } from "../components/RegistryLinks";
import { Empty } from "../components/StateViews";
import { useIsAdmin } from "../lib/role";

type Asked = "group" | "certificate" | PolicyTarget;

export function Targets({ policy }: { policy: Policy }) {
  const isAdmin = useIsAdmin();
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <section className="panel" aria-labelledby="targets">
      <div className="panel-head">
        <h2 id="targets">Attached to</h2>
        {isAdmin ? (
          <span className="end">
            {(["group", "certificate"] as const).map((kind) => (
              <button key={kind} type="button" className="button quiet" onClick={() => setAsked(kind)}>
                <Icon name="plus" />
                Attach to a {kind}
              </button>
            ))}
          </span>
        ) : null}
      </div>
      {policy.targets.length === 0 ? (
        <Empty title="It is attached to nothing">
          <p>So it gives nobody any right.</p>
        </Empty>
      ) : null}
      <ul className="ties">
        {policy.targets.map((target) => (
          <li key={`${target.kind}-${target.name}`}>
            <span className="muted">{target.kind}</span>
            <span>
              {target.kind === "certificate" ? <CertificateLink id={target.name} /> : null}
              {target.kind === "group" ? <GroupLink name={target.name} /> : null}
              {target.kind === "identity" ? target.name : null}
            </span>
            {isAdmin && target.kind !== "identity" ? (
              <button
                type="button"
                className="button quiet"
                aria-label={`Detach from ${target.kind} ${target.name}`}
                onClick={() => setAsked(target)}
              >
                Detach …
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      {policy.has_more_targets ? <p className="muted panel-body">Only the first are shown.</p> : null}
      {asked ? <Question name={policy.name} asked={asked} onClose={() => setAsked(null)} /> : null}
    </section>
  );
}

function Question({ name, asked, onClose }: { name: string; asked: Asked; onClose: () => void }) {
  if (asked === "group") return <AttachToGroup name={name} onClose={onClose} />;
  if (asked === "certificate") {
    return (
      <ActionDialog
        title="Attach to a certificate"
        verb="Attach"
        onClose={onClose}
        act={(field) => attachPolicyToCertificate(field("certificate"), name)}
      >
        <Field
          name="certificate"
          label="Certificate id"
          required
          pattern="[0-9a-f]{64}"
          hint="64 digits, as the page of the certificate has it."
        />
      </ActionDialog>
    );
  }
  const { kind, name: target } = asked;
  return (
    <ActionDialog
      title={`Detach ${name} from the ${kind}?`}
      verb="Detach"
      dangerous
      onClose={onClose}
      act={() =>
        kind === "group" ? detachPolicyFromGroup(name, target) : detachPolicyFromCertificate(target, name)
      }
    >
      <p className="mono anywhere">{target}</p>
      <p>Connections that rely on it lose what it allows within a second.</p>
    </ActionDialog>
  );
}

function AttachToGroup({ name, onClose }: { name: string; onClose: () => void }) {
  const { data } = useQuery(groupsQuery({}));
  return (
    <ActionDialog
      title="Attach to a group"
      verb="Attach"
      onClose={onClose}
      act={(field) => attachPolicyToGroup(name, field("group"))}
    >
      <Field
        name="group"
        label="Group"
        required
        options={data?.groups.map((group) => group.name) ?? []}
        hint="It holds for all things in it, and in the groups that lie in it."
      />
    </ActionDialog>
  );
}
