import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { createCustomMetric, customMetricsQuery, deleteCustomMetric, profilesQuery } from "../api/profiles";
import type { CustomMetric, NewCustomMetric, Profile as SecurityProfile } from "../api/types.gen";
import { ActionDialog, Field, NAME_PATTERN } from "../components/ActionDialog";
import { DetectTabs } from "../components/DetectTabs";
import { Icon } from "../components/Icon";
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

export function CustomMetrics() {
  const { data, error, refetch } = useQuery(customMetricsQuery);
  const { data: profiles } = useQuery(profilesQuery);
  const isAdmin = useIsAdmin();
  const [dialog, setDialog] = useState<"new" | { gone: CustomMetric } | null>(null);
  return (
    <>
      <ListPage
        title="Custom metrics"
        what="custom metrics"
        aside={<DetectTabs />}
        actions={
          isAdmin ? (
            <button type="button" className="button primary" onClick={() => setDialog("new")}>
              <Icon name="plus" />
              New custom metric
            </button>
          ) : null
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
              onDelete={isAdmin ? () => setDialog({ gone: metric }) : undefined}
            />
          ))}
        </Table>
      </ListPage>
      {dialog === "new" ? <NewMetric onClose={() => setDialog(null)} /> : null}
      {dialog && dialog !== "new" ? (
        <Delete
          metric={dialog.gone}
          users={usersOfMetric(profiles?.profiles ?? [], dialog.gone.name)}
          onClose={() => setDialog(null)}
        />
      ) : null}
    </>
  );
}

type RowProps = { metric: CustomMetric; profiles: SecurityProfile[]; onDelete: (() => void) | undefined };

function Row({ metric, profiles, onDelete }: RowProps) {
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
        {onDelete ? (
          <button
            type="button"
            className="button quiet"
            aria-label={`Delete ${metric.name}`}
            onClick={onDelete}
          >
            Delete …
          </button>
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

function Delete({ metric, users, onClose }: { metric: CustomMetric; users: string[]; onClose: () => void }) {
  return (
    <ActionDialog
      title={`Delete ${metric.name}?`}
      verb="Delete"
      dangerous
      onClose={onClose}
      act={() => deleteCustomMetric(metric.name)}
    >
      {users.length > 0 ? (
        <p>
          It is used by <UsedBy profiles={users} />, so it cannot be deleted yet.
        </p>
      ) : (
        <p>What devices report under this name is looked at no more.</p>
      )}
    </ActionDialog>
  );
}
