import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import {
  createCustomMetric,
  customMetricsQuery,
  deleteCustomMetric,
  profilesQuery,
  renameCustomMetric,
} from "../api/profiles";
import type { CustomMetric, NewCustomMetric, Profile as SecurityProfile } from "../api/types.gen";
import { ActionDialog, Field, NAME_PATTERN } from "../components/ActionDialog";
import { DetectTabs } from "../components/DetectTabs";
import { DeleteUnused, EditAndDelete, NewButton } from "../components/EntryActions";
import { ListPage, Table } from "../components/ListPage";
import { UsedBy } from "../components/UsedBy";
import { dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";
import { usersOfMetric } from "../profiles/uses";

const TYPES: Record<string, string> = {
  number: "number",
  "number-list": "list of numbers",
  "string-list": "list of texts",
  "ip-address-list": "list of addresses",
};

type Open = { what: "new" } | { what: "edit" | "delete"; metric: CustomMetric } | null;

export function CustomMetrics() {
  const { data, error, refetch } = useQuery(customMetricsQuery);
  const { data: profiles } = useQuery(profilesQuery);
  const isAdmin = useIsAdmin();
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  return (
    <>
      <ListPage
        title="Custom metrics"
        what="custom metrics"
        aside={<DetectTabs />}
        actions={
          isAdmin ? <NewButton text="New custom metric" onClick={() => setOpen({ what: "new" })} /> : null
        }
        error={error}
        retry={() => void refetch()}
        rows={data?.metrics.length}
        empty={{
          title: "There are no custom metrics",
          text: "Values that devices report under custom_metrics are looked at once a metric of that name is made.",
        }}
      >
        <Table columns={["Name", "Type", "Display name", "Used by", "Created", ""]}>
          {data?.metrics.map((metric) => (
            <Row
              key={metric.name}
              metric={metric}
              profiles={profiles?.profiles ?? []}
              open={isAdmin ? setOpen : undefined}
            />
          ))}
        </Table>
      </ListPage>
      {open?.what === "new" ? <NewMetric onClose={close} /> : null}
      {open?.what === "edit" ? <Edit metric={open.metric} onClose={close} /> : null}
      {open?.what === "delete" ? (
        <DeleteUnused
          name={open.metric.name}
          users={usersOfMetric(profiles?.profiles ?? [], open.metric.name)}
          consequence="What devices report under this name is looked at no more."
          act={() => deleteCustomMetric(open.metric.name)}
          onClose={close}
        />
      ) : null}
    </>
  );
}

type RowProps = {
  metric: CustomMetric;
  profiles: SecurityProfile[];
  open: ((open: Open) => void) | undefined;
};

function Row({ metric, profiles, open }: RowProps) {
  return (
    <tr>
      <td className="mono">{metric.name}</td>
      <td>{TYPES[metric.type] ?? metric.type}</td>
      <td>{metric.display_name ?? <span className="muted">–</span>}</td>
      <td>
        <UsedBy profiles={usersOfMetric(profiles, metric.name)} />
      </td>
      <td className="number nowrap">{dateTime(metric.created_ms)}</td>
      <td className="right nowrap">
        <Link
          className="button quiet"
          to="/metrics"
          search={{ metric: metric.name }}
          aria-label={`Chart ${metric.name}`}
        >
          Chart
        </Link>
        {open ? (
          <EditAndDelete
            name={metric.name}
            onEdit={() => open({ what: "edit", metric })}
            onDelete={() => open({ what: "delete", metric })}
          />
        ) : null}
      </td>
    </tr>
  );
}

function NewMetric({ onClose }: { onClose: () => void }) {
  return (
    <ActionDialog
      title="New custom metric"
      verb="Create"
      onClose={onClose}
      act={(field) => {
        const shown = field("display_name");
        return createCustomMetric({
          name: field("name"),
          type: field("type") as NewCustomMetric["type"],
          ...(shown === "" ? {} : { display_name: shown }),
        });
      }}
    >
      <Field
        name="name"
        label="Name"
        required
        maxLength={128}
        pattern={NAME_PATTERN}
        hint="As devices call it in their reports."
      />
      <div className="field">
        <label htmlFor="metric-type">Type</label>
        <select id="metric-type" name="type" className="input" defaultValue="number">
          {Object.entries(TYPES).map(([type, text]) => (
            <option key={type} value={type}>
              {text}
            </option>
          ))}
        </select>
      </div>
      <Field name="display_name" label="Display name" maxLength={128} />
    </ActionDialog>
  );
}

function Edit({ metric, onClose }: { metric: CustomMetric; onClose: () => void }) {
  return (
    <ActionDialog
      title={`Edit ${metric.name}`}
      verb="Save"
      onClose={onClose}
      act={(field) => renameCustomMetric(metric.name, field("display_name") || null)}
    >
      <Field
        name="display_name"
        label="Display name"
        maxLength={128}
        value={metric.display_name ?? ""}
        hint="Name and type stay as they are: devices and profiles rely on them."
      />
    </ActionDialog>
  );
}
