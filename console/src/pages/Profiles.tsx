import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { profilesQuery } from "../api/profiles";
import type { Profile as SecurityProfile } from "../api/types.gen";
import { DetectTabs } from "../components/DetectTabs";
import { Icon } from "../components/Icon";
import { ListPage, Table } from "../components/ListPage";
import { dateTime } from "../lib/format";
import { targetText } from "../lib/profile";
import { useIsAdmin } from "../lib/role";
import { behaviorsOf } from "../profiles/document";

export function Profiles() {
  const { data, error, refetch } = useQuery(profilesQuery);
  const isAdmin = useIsAdmin();
  return (
    <ListPage
      title="Security profiles"
      what="profiles"
      aside={<DetectTabs />}
      actions={
        isAdmin ? (
          <Link className="button primary" to="/new-profile" search={{}}>
            <Icon name="plus" />
            New profile
          </Link>
        ) : null
      }
      error={error}
      retry={() => void refetch()}
      rows={data?.profiles.length}
      empty={{ title: "There are no security profiles", text: "Without one no device is checked." }}
    >
      <Table columns={["Profile", "State", "Watches", "Behaviors", "Alarms", "Version", "Changed"]}>
        {data?.profiles.map((profile) => (
          <Row key={profile.name} profile={profile} />
        ))}
      </Table>
    </ListPage>
  );
}

function Row({ profile }: { profile: SecurityProfile }) {
  const description = profile.document.securityProfileDescription;
  return (
    <tr>
      <td>
        <Link to="/profiles/$name" params={{ name: profile.name }}>
          {profile.name}
        </Link>
        {typeof description === "string" ? <div className="muted">{description}</div> : null}
      </td>
      <td className="nowrap">
        <State profile={profile} />
      </td>
      <td>
        {profile.targets.length === 0 ? (
          <span className="muted">nothing</span>
        ) : (
          profile.targets.map(targetText).join(", ")
        )}
      </td>
      <td className="number">{behaviorsOf(profile.document).length}</td>
      <td className="nowrap">
        {profile.active_alarms > 0 ? (
          <Link className="badge bad" to="/alarms" search={{ profile: profile.name }}>
            {profile.active_alarms} active
          </Link>
        ) : (
          <span className="muted">none</span>
        )}
      </td>
      <td className="number">{profile.version}</td>
      <td className="number nowrap">{dateTime(profile.modified_ms)}</td>
    </tr>
  );
}

function State({ profile }: { profile: SecurityProfile }) {
  const [first, ...more] = profile.problems;
  if (first) {
    const text = `${first.path}: ${first.problem}${more.length > 0 ? ` (and ${more.length} more)` : ""}`;
    return (
      <>
        <span className="badge bad">not in force</span>
        <div className="problem-line">{text}</div>
      </>
    );
  }
  return profile.targets.length === 0 ? (
    <span className="badge">watches nothing</span>
  ) : (
    <span className="badge good">in force</span>
  );
}
