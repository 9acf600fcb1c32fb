// Notification topics: who is told of alarms, and whether it works.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { createTopic, topicsQuery } from "../api/notifications";
import { ActionDialog, Field } from "../components/ActionDialog";
import { NewButton } from "../components/EntryActions";
import { Empty, Failed, Loading, Stale } from "../components/StateViews";
import { useIsAdmin } from "../lib/role";
import { TopicPanel } from "../notifications/TopicPanel";

export function Notifications() {
  const { data, error, refetch } = useQuery(topicsQuery);
  const [isAdding, setAdding] = useState(false);
  const isAdmin = useIsAdmin();
  return (
    <div className="page">
      <div className="page-head">
        <h1>Notifications</h1>
        <div className="end">
          {isAdmin ? (
            <NewButton text="New topic" onClick={() => setAdding(true)} />
          ) : (
            <span className="muted">Changes need the role admin.</span>
          )}
        </div>
      </div>
      {data ? <Stale error={error} /> : null}
      {!data && error ? (
        <Failed what="The topics could not be loaded" error={error} retry={() => void refetch()} />
      ) : null}
      {!data && !error ? <Loading what="the topics" /> : null}
      {data && data.topics.length === 0 ? (
        <section className="panel">
          <Empty title="There are no notification topics">
            <p>
              A security profile with a topic as its alert target tells the topic's subscribers of every
              alarm.
            </p>
          </Empty>
        </section>
      ) : null}
      {data?.topics.map((topic) => (
        <TopicPanel key={topic.name} topic={topic} isAdmin={isAdmin} />
      ))}
      {isAdding ? <NewTopic onClose={() => setAdding(false)} /> : null}
    </div>
  );
}

function NewTopic({ onClose }: { onClose: () => void }) {
  return (
    <ActionDialog
      title="New topic"
      verb="Create"
      onClose={onClose}
      act={(field) => createTopic(field("name"))}
    >
      <Field
        name="name"
        label="Name"
        required
        pattern="[a-zA-Z0-9_\-]+"
        maxLength={256}
        hint="Letters, digits, underscore and hyphen."
      />
    </ActionDialog>
  );
}
