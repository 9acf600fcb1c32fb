import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import {
  createDimension,
  deleteDimension,
  dimensionsQuery,
  profilesQuery,
  replaceDimension,
} from "../api/profiles";
import type { Dimension, Profile as SecurityProfile } from "../api/types.gen";
import { ActionDialog, Field, NAME_PATTERN } from "../components/ActionDialog";
import { DetectTabs } from "../components/DetectTabs";
import { DeleteUnused, EditAndDelete, NewButton } from "../components/EntryActions";
import { ListPage, Table } from "../components/ListPage";
import { UsedBy } from "../components/UsedBy";
import { useIsAdmin } from "../lib/role";
import { usersOfDimension } from "../profiles/uses";

/** What stands for the device in a topic filter. */
const CLIENT_ID = `$\{iot:ClientId}`;

type Open = { what: "new" } | { what: "edit" | "delete"; dimension: Dimension } | null;

export function Dimensions() {
  const { data, error, refetch } = useQuery(dimensionsQuery);
  const { data: list } = useQuery(profilesQuery);
  const profiles = list?.profiles ?? [];
  const isAdmin = useIsAdmin();
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  return (
    <>
      <ListPage
        title="Dimensions"
        what="dimensions"
        aside={<DetectTabs />}
        actions={isAdmin ? <NewButton text="New dimension" onClick={() => setOpen({ what: "new" })} /> : null}
        error={error}
        retry={() => void refetch()}
        rows={data?.dimensions.length}
        empty={{
          title: "There are no dimensions",
          text: "A dimension names topics, so that a behavior counts only messages on them.",
        }}
      >
        <Table columns={["Name", "Topic filters", "Used by", ""]}>
          {data?.dimensions.map((dimension) => (
            <Row
              key={dimension.name}
              dimension={dimension}
              profiles={profiles}
              open={isAdmin ? setOpen : undefined}
            />
          ))}
        </Table>
      </ListPage>
      {open?.what === "new" ? <NewDimension onClose={close} /> : null}
      {open?.what === "edit" ? <Edit dimension={open.dimension} onClose={close} /> : null}
      {open?.what === "delete" ? (
        <DeleteUnused
          name={open.dimension.name}
          users={usersOfDimension(profiles, open.dimension.name)}
          consequence="No profile uses it."
          act={() => deleteDimension(open.dimension.name)}
          onClose={close}
        />
      ) : null}
    </>
  );
}

type RowProps = {
  dimension: Dimension;
  profiles: SecurityProfile[];
  open: ((open: Open) => void) | undefined;
};

function Row({ dimension, profiles, open }: RowProps) {
  const { name } = dimension;
  return (
    <tr>
      <td className="mono">{name}</td>
      <td className="mono">
        {dimension.values.map((value) => (
          <div key={value}>{value}</div>
        ))}
      </td>
      <td>
        <UsedBy profiles={usersOfDimension(profiles, name)} />
      </td>
      <td className="right nowrap">
        {open ? (
          <EditAndDelete
            name={name}
            onEdit={() => open({ what: "edit", dimension })}
            onDelete={() => open({ what: "delete", dimension })}
          />
        ) : null}
      </td>
    </tr>
  );
}

function Values({ value }: { value?: string }) {
  return (
    <div className="field">
      <label htmlFor="dimension-values">Topic filters, one a line</label>
      <textarea
        id="dimension-values"
        name="values"
        className="input mono"
        rows={5}
        required
        defaultValue={value}
        spellCheck={false}
        aria-describedby="dimension-hint"
      />
      <p className="hint" id="dimension-hint">
        With the wildcards + and #, and <code>{CLIENT_ID}</code> for the device itself.
      </p>
    </div>
  );
}

function lines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function NewDimension({ onClose }: { onClose: () => void }) {
  return (
    <ActionDialog
      title="New dimension"
      verb="Create"
      onClose={onClose}
      act={(field) => createDimension({ name: field("name"), values: lines(field("values")) })}
    >
      <Field name="name" label="Name" required maxLength={128} pattern={NAME_PATTERN} />
      <Values />
    </ActionDialog>
  );
}

function Edit({ dimension, onClose }: { dimension: Dimension; onClose: () => void }) {
  return (
    <ActionDialog
      title={`Edit ${dimension.name}`}
      verb="Save"
      onClose={onClose}
      act={(field) => replaceDimension(dimension.name, lines(field("values")))}
    >
      <Values value={dimension.values.join("\n")} />
    </ActionDialog>
  );
}
