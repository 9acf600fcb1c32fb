// Groups as they lie in one another. What is below a group is asked for when it is opened.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { groupsQuery } from "../api/registry";
import type { GroupRow } from "../api/types.gen";
import { dateTime } from "../lib/format";
import { Icon } from "./Icon";
import { Table } from "./ListPage";
import { GroupLink } from "./RegistryLinks";

export function GroupTree({ roots }: { roots: GroupRow[] }) {
  return (
    <Table columns={["Name", "Description", "Created"]}>
      {roots.map((group) => (
        <Branch key={group.name} group={group} depth={0} />
      ))}
    </Table>
  );
}

function Branch({ group, depth }: { group: GroupRow; depth: number }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <tr>
        <td>
          <span className="branch" style={{ paddingLeft: depth * 20 }}>
            {group.has_children ? (
              <button
                type="button"
                className={isOpen ? "button quiet icon twist open" : "button quiet icon twist"}
                aria-expanded={isOpen}
                aria-label={`Groups in ${group.name}`}
                onClick={() => setOpen(!isOpen)}
              >
                <Icon name="chevron" />
              </button>
            ) : (
              <span className="twist" />
            )}
            <GroupLink name={group.name} />
          </span>
        </td>
        <td>{group.description}</td>
        <td className="number nowrap muted">{dateTime(group.created_ms)}</td>
      </tr>
      {isOpen ? <Below group={group.name} depth={depth + 1} /> : null}
    </>
  );
}

function Below({ group, depth }: { group: string; depth: number }) {
  const { data, error, refetch } = useQuery(groupsQuery({ parent: group }));
  const note = (text: string, retry?: () => void) => (
    <tr>
      <td colSpan={3} className="muted">
        <span className="branch" style={{ paddingLeft: depth * 20 }}>
          <span className="twist" />
          {text}{" "}
          {retry ? (
            <button type="button" className="button quiet" onClick={retry}>
              Try again
            </button>
          ) : null}
        </span>
      </td>
    </tr>
  );
  if (!data) return error ? note(error.message, () => void refetch()) : note("Loading …");
  return (
    <>
      {data.groups.map((child) => (
        <Branch key={child.name} group={child} depth={depth} />
      ))}
      {data.next ? note(`Only the first ${data.groups.length} are shown; search for the others.`) : null}
    </>
  );
}
