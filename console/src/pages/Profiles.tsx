import { useQuery } from "@tanstack/react-query";
import { profilesQuery } from "../api/queries";
import type { Profile } from "../api/types.gen";
import { Empty, Failed, Loading } from "../components/StateViews";
import { TableScroll } from "../components/TableScroll";
import { dateTime } from "../lib/format";
import { type Behavior, behaviors, expectation } from "../lib/profile";

export function Profiles() {
  const { data, error, refetch } = useQuery(profilesQuery);
  return (
    <div className="page">
      <div className="page-head">
        <h1>Security profiles</h1>
      </div>
      {!data && error ? (
        <Failed what="The profiles could not be loaded" error={error} retry={() => void refetch()} />
      ) : null}
      {!data && !error ? <Loading what="the profiles" /> : null}
      {data && data.profiles.length === 0 ? (
        <section className="panel">
          <Empty title="There are no security profiles">
            <p>Without one no device is checked.</p>
          </Empty>
        </section>
      ) : null}
      {data?.profiles.map((profile) => (
        <ProfilePanel key={profile.name} profile={profile} />
      ))}
    </div>
  );
}

function ProfilePanel({ profile }: { profile: Profile }) {
  const list = behaviors(profile.document);
  return (
    <section className="panel" aria-label={profile.name}>
      <div className="panel-head">
        <h2>{profile.name}</h2>
        <span className="end muted number">
          version {profile.version}, changed {dateTime(profile.modified_ms)}
        </span>
      </div>
      {list.length === 0 ? (
        <Empty title="It has no behaviors: it only exports metrics" />
      ) : (
        <Behaviors list={list} />
      )}
    </section>
  );
}

function Behaviors({ list }: { list: Behavior[] }) {
  return (
    <TableScroll label="Table of behaviors">
      <table>
        <thead>
          <tr>
            <th scope="col">Behavior</th>
            <th scope="col">Metric</th>
            <th scope="col">Expected</th>
          </tr>
        </thead>
        <tbody>
          {list.map((behavior) => (
            <tr key={behavior.name}>
              <td>{behavior.name}</td>
              <td className="mono">{behavior.metric}</td>
              <td>{expectation(behavior)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
