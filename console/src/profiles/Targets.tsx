// Whom a profile watches.
import { useState } from "react";
import { attachProfile, detachProfile } from "../api/profiles";
import type { Profile as SecurityProfile } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { Icon } from "../components/Icon";
import { GroupLink } from "../components/RegistryLinks";
import { Empty } from "../components/StateViews";
import { targetGroup, targetText } from "../lib/profile";
import { useIsAdmin } from "../lib/role";
import { type Target, TargetChoice, targetArn } from "./TargetChoice";

export function Targets({ profile }: { profile: SecurityProfile }) {
  const isAdmin = useIsAdmin();
  const [dialog, setDialog] = useState<"attach" | { detach: string } | null>(null);
  return (
    <section className="panel" aria-labelledby="targets">
      <div className="panel-head">
        <h2 id="targets">Watches</h2>
        {isAdmin ? (
          <button type="button" className="button quiet end" onClick={() => setDialog("attach")}>
            <Icon name="plus" />
            Attach
          </button>
        ) : null}
      </div>
      {profile.targets.length === 0 ? (
        <Empty title="It is attached to nothing">
          <p>So no device is checked by it.</p>
        </Empty>
      ) : null}
      <ul className="ties">
        {profile.targets.map((arn) => (
          <li key={arn}>
            <TargetName arn={arn} />
            {isAdmin ? (
              <button
                type="button"
                className="button quiet"
                aria-label={`Detach from ${targetText(arn)}`}
                onClick={() => setDialog({ detach: arn })}
              >
                Detach
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      {dialog === "attach" ? <Attach profile={profile} onClose={() => setDialog(null)} /> : null}
      {dialog && dialog !== "attach" ? (
        <ActionDialog
          title={`Detach from ${targetText(dialog.detach)}?`}
          verb="Detach"
          dangerous
          onClose={() => setDialog(null)}
          act={() => detachProfile(profile.name, dialog.detach)}
        >
          <p>Open alarms of devices that it then watches no more become invalid; their history stays.</p>
        </ActionDialog>
      ) : null}
    </section>
  );
}

export function TargetName({ arn }: { arn: string }) {
  const group = targetGroup(arn);
  return group === null ? (
    <span>{targetText(arn)}</span>
  ) : (
    <span>
      <span className="muted">group</span> <GroupLink name={group} />
    </span>
  );
}

function Attach({ profile, onClose }: { profile: SecurityProfile; onClose: () => void }) {
  const [target, setTarget] = useState<Target>({ whom: "group", group: "" });
  return (
    <ActionDialog
      title={`Attach ${profile.name}`}
      verb="Attach"
      onClose={onClose}
      act={() => attachProfile(profile.name, targetArn(target))}
    >
      <TargetChoice target={target} onChange={setTarget} />
    </ActionDialog>
  );
}
