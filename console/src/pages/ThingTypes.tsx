import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { createThingType, deleteThingType, deprecateThingType, thingTypesQuery } from "../api/registry";
import type { ThingType } from "../api/types.gen";
import { ActionDialog, Field, NAME_PATTERN } from "../components/ActionDialog";
import { NewButton } from "../components/EntryActions";
import { ListPage, Table } from "../components/ListPage";
import { dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";

type Asked = { what: "new" } | { what: "deprecate" | "delete"; type: ThingType };

export function ThingTypes() {
  const { data, error, refetch } = useQuery(thingTypesQuery);
  const [asked, setAsked] = useState<Asked | null>(null);
  const isAdmin = useIsAdmin();
  return (
    <>
      <ListPage
        title="Thing types"
        what="types"
        error={error}
        retry={() => void refetch()}
        rows={data?.types.length}
        empty={{
          title: "There are no thing types yet",
          text: "A type says what kind of device a thing is; a thing with a type may have 50 attributes.",
        }}
        actions={isAdmin ? <NewButton text="New type" onClick={() => setAsked({ what: "new" })} /> : null}
      >
        <Table columns={["Name", "Description", "State", "Created", ""]}>
          {data?.types.map((type) => (
            <tr key={type.name}>
              <td>
                <Link to="/things" search={{ type_name: type.name }}>
                  {type.name}
                </Link>
              </td>
              <td>{type.description}</td>
              <td>
                {type.is_deprecated ? (
                  <span className="badge warn">deprecated</span>
                ) : (
                  <span className="badge good">in use</span>
                )}
              </td>
              <td className="number nowrap muted">{dateTime(type.created_ms)}</td>
              <td className="right nowrap">{isAdmin ? <Actions type={type} ask={setAsked} /> : null}</td>
            </tr>
          ))}
        </Table>
      </ListPage>
      {asked ? <Question asked={asked} onClose={() => setAsked(null)} /> : null}
    </>
  );
}

function Actions({ type, ask }: { type: ThingType; ask: (asked: Asked) => void }) {
  return (
    <>
      <button
        type="button"
        className="button quiet"
        aria-label={type.is_deprecated ? `Use again: ${type.name}` : `Deprecate ${type.name}`}
        onClick={() => ask({ what: "deprecate", type })}
      >
        {type.is_deprecated ? "Use again" : "Deprecate"}
      </button>
      {type.is_deprecated ? (
        <button
          type="button"
          className="button quiet"
          aria-label={`Delete ${type.name}`}
          onClick={() => ask({ what: "delete", type })}
        >
          Delete
        </button>
      ) : null}
    </>
  );
}

function Question({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  if (asked.what === "new") {
    return (
      <ActionDialog
        title="New type"
        verb="Create"
        onClose={onClose}
        act={(field) => {
          const attributes = field("attributes")
            .split(/[\s,]+/)
            .filter((name) => name !== "");
          return createThingType({
            name: field("name"),
            ...(field("description") ? { description: field("description") } : {}),
            ...(attributes.length > 0 ? { searchable_attributes: attributes } : {}),
          });
        }}
      >
        <Field name="name" label="Name" required pattern={NAME_PATTERN} />
        <Field name="description" label="Description" />
        <Field
          name="attributes"
          label="Searchable attributes"
          hint="Up to three names, with commas between them."
        />
      </ActionDialog>
    );
  }
  const { type } = asked;
  if (asked.what === "delete") {
    return (
      <ActionDialog
        title={`Delete ${type.name}?`}
        verb="Delete"
        dangerous
        onClose={onClose}
        act={() => deleteThingType(type.name)}
      >
        <p>It must have been deprecated for five minutes, and no thing may have it.</p>
      </ActionDialog>
    );
  }
  return (
    <ActionDialog
      title={type.is_deprecated ? `Use ${type.name} again?` : `Deprecate ${type.name}?`}
      verb={type.is_deprecated ? "Use again" : "Deprecate"}
      onClose={onClose}
      act={() => deprecateThingType(type.name, type.is_deprecated)}
    >
      <p>
        {type.is_deprecated
          ? "New things may have this type again."
          : "Things that have this type keep it; no other thing can get it."}
      </p>
    </ActionDialog>
  );
}
