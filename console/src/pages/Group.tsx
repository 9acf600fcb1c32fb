import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import {
  addToGroup,
  attachPolicyToGroup,
  deleteGroup,
  detachPolicyFromGroup,
  groupQuery,
  policiesQuery,
  removeFromGroup,
} from "../api/registry";
import type { Group as GroupData } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { NotLoaded } from "../components/NotLoaded";
import { GroupLink, PolicyLink, ThingLink } from "../components/RegistryLinks";
import { Stale } from "../components/StateViews";
import { Ties } from "../components/Ties";
import { dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";
import { NewGroup } from "./Groups";

const route = getRouteApi("/groups/$name");

export function Group() {
  const { name } = route.useParams();
  const { data, error, refetch } = useQuery(groupQuery(name));
  const [dialog, setDialog] = useState<"child" | "delete" | null>(null);
  const isAdmin = useIsAdmin();
  const navigate = useNavigate();
  if (!data) {
    return (
      <NotLoaded
        title={name}
        what="the group"
        error={error}
        retry={() => void refetch()}
        gone={{
          title: "There is no group of this name",
          children: (
            <Link to="/groups" search={{}}>
              All groups
            </Link>
          ),
        }}
      />
    );
  }
  return (
    <div className="page">
      <div className="page-head">
        <h1>{data.name}</h1>
        <Line group={data} />
        {isAdmin ? (
          <div className="end">
            <button type="button" className="button" onClick={() => setDialog("child")}>
              New group in it
            </button>
            <button type="button" className="button danger" onClick={() => setDialog("delete")}>
              Delete …
            </button>
          </div>
        ) : null}
      </div>
      <Stale error={error} />
      <div className="columns">
        <Things group={data} isAdmin={isAdmin} />
        <div className="stack">
          <Policies group={data} isAdmin={isAdmin} />
          <Facts group={data} />
        </div>
      </div>
      {dialog === "child" ? <NewGroup parent={data.name} onClose={() => setDialog(null)} /> : null}
      {dialog === "delete" ? (
        <ActionDialog
          title={`Delete ${data.name}?`}
          verb="Delete"
          dangerous
          onClose={() => setDialog(null)}
          act={async () => {
            await deleteGroup(data.name);
            await navigate({ to: "/groups", search: {} });
          }}
        >
          <p>Its things stay, and lose the policies and security profiles they have through it.</p>
        </ActionDialog>
      ) : null}
    </div>
  );
}

function Line({ group }: { group: GroupData }) {
  const above = group.line.filter((name) => name !== group.name);
  if (above.length === 0) return null;
  return (
    <span className="muted">
      in{" "}
      {above.map((name, index) => (
        <span key={name}>
          {index > 0 ? " › " : ""}
          <GroupLink name={name} />
        </span>
      ))}
    </span>
  );
}

function Things({ group, isAdmin }: { group: GroupData; isAdmin: boolean }) {
  return (
    <Ties
      title="Things"
      names={group.things}
      link={(name) => <ThingLink name={name} />}
      none="No thing is in it"
      more={
        group.has_more_things ? (
          <>
            Only the first are shown.{" "}
            <Link to="/things" search={{ group: group.name }}>
              All things in it
            </Link>
          </>
        ) : undefined
      }
      {...(isAdmin
        ? {
            add: { verb: "Add a thing", act: (name: string) => addToGroup(group.name, name) },
            remove: (name: string) => removeFromGroup(group.name, name),
            removeVerb: "Take out",
          }
        : {})}
    />
  );
}

function Policies({ group, isAdmin }: { group: GroupData; isAdmin: boolean }) {
  const { data } = useQuery({ ...policiesQuery({}), enabled: isAdmin });
  return (
    <Ties
      title="Policies"
      names={group.policies}
      link={(name) => <PolicyLink name={name} />}
      none="No policy is attached"
      {...(isAdmin
        ? {
            add: {
              verb: "Attach a policy",
              options: data?.policies.map((policy) => policy.name) ?? [],
              act: (name: string) => attachPolicyToGroup(name, group.name),
            },
            remove: (name: string) => detachPolicyFromGroup(name, group.name),
          }
        : {})}
    />
  );
}

function Facts({ group }: { group: GroupData }) {
  return (
    <section className="panel" aria-labelledby="facts">
      <div className="panel-head">
        <h2 id="facts">Group</h2>
      </div>
      <dl className="facts panel-body">
        <dt>Description</dt>
        <dd>{group.description ?? "–"}</dd>
        <dt>Groups in it</dt>
        <dd>
          {group.children.length === 0
            ? "–"
            : group.children.map((child, index) => (
                <span key={child.name}>
                  {index > 0 ? ", " : ""}
                  <GroupLink name={child.name} />
                </span>
              ))}
        </dd>
        <dt>Version</dt>
        <dd className="number">{group.version}</dd>
        <dt>Created</dt>
        <dd className="number">{dateTime(group.created_ms)}</dd>
        {group.attributes.map((attribute) => (
          <div key={attribute.name} style={{ display: "contents" }}>
            <dt>{attribute.name}</dt>
            <dd>{attribute.value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
