// One topic with who is told, how well that works, and a test message.
import { useState } from "react";
import { deleteTopic, sendTest, unsubscribe } from "../api/notifications";
import type { NotificationSubscription as Subscription, NotificationTopic as Topic } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { Icon } from "../components/Icon";
import { Table } from "../components/ListPage";
import { Empty } from "../components/StateViews";
import { count } from "../lib/format";
import { sayDone, sayFailed } from "../lib/undo";
import { protocolText } from "./protocols";
import { SubscriptionForm } from "./SubscriptionForm";
import { UndeliveredDialog } from "./UndeliveredDialog";

type Asked =
  | { what: "subscribe" | "delete" }
  | { what: "unsubscribe" | "undelivered"; subscription: Subscription };

export function TopicPanel({ topic, isAdmin }: { topic: Topic; isAdmin: boolean }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => setAsked(null);
  return (
    <section className="panel" aria-label={topic.name}>
      <div className="panel-head wrap">
        <h2 className="anywhere">{topic.name}</h2>
        <span className="mono muted anywhere">{topic.arn}</span>
        {isAdmin ? (
          <span className="end">
            <TestButton topic={topic} />
            <button type="button" className="button" onClick={() => setAsked({ what: "subscribe" })}>
              <Icon name="plus" />
              Subscribe …
            </button>
            <button
              type="button"
              className="button danger"
              aria-label={`Delete ${topic.name}`}
              onClick={() => setAsked({ what: "delete" })}
            >
              Delete …
            </button>
          </span>
        ) : null}
      </div>
      {topic.subscriptions.length === 0 ? (
        <Empty title="Nobody is told">
          <p>What is published here goes nowhere until somebody subscribes.</p>
        </Empty>
      ) : (
        <Subscriptions
          topic={topic}
          isAdmin={isAdmin}
          ask={(what, subscription) => setAsked({ what, subscription })}
        />
      )}
      {asked?.what === "subscribe" ? <SubscriptionForm topic={topic.name} onClose={close} /> : null}
      {asked?.what === "delete" ? (
        <ActionDialog
          title={`Delete ${topic.name}?`}
          verb="Delete"
          dangerous
          onClose={close}
          act={() => deleteTopic(topic.name)}
        >
          <p>Its subscriptions go with it. Profiles and actions that name it notify nobody from then on.</p>
        </ActionDialog>
      ) : null}
      {asked?.what === "undelivered" ? (
        <UndeliveredDialog topic={topic.name} subscription={asked.subscription} onClose={close} />
      ) : null}
      {asked?.what === "unsubscribe" ? (
        <ActionDialog
          title="Unsubscribe?"
          verb="Unsubscribe"
          dangerous
          onClose={close}
          act={() => unsubscribe(topic.name, asked.subscription.id)}
        >
          <p className="anywhere">
            {protocolText(asked.subscription.protocol)} <b>{asked.subscription.endpoint}</b> is told no more.
            What waits for it is dropped.
          </p>
        </ActionDialog>
      ) : null}
    </section>
  );
}

function TestButton({ topic }: { topic: Topic }) {
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    try {
      await sendTest(topic.name);
      sayDone(`A test message is on its way to the subscribers of ${topic.name}.`);
    } catch (error) {
      sayFailed(error instanceof Error ? error.message : "The test message was not sent.");
    } finally {
      setBusy(false);
    }
  };
  const isIdle = topic.subscriptions.length === 0;
  return (
    <button
      type="button"
      className="button"
      disabled={isBusy || isIdle}
      title={isIdle ? "Nobody has subscribed" : undefined}
      onClick={() => void send()}
    >
      Send a test
    </button>
  );
}

type ListProps = {
  topic: Topic;
  isAdmin: boolean;
  ask: (what: "unsubscribe" | "undelivered", subscription: Subscription) => void;
};

function Subscriptions({ topic, isAdmin, ask }: ListProps) {
  const columns = ["Protocol", "Endpoint", "State", "Delivered", "Waiting", "Failed"];
  return (
    <Table columns={[...columns, ...(isAdmin ? [""] : [])]}>
      {topic.subscriptions.map((one) => (
        <tr key={one.id}>
          <td>{protocolText(one.protocol)}</td>
          <td>
            <span className="mono">{one.endpoint}</span>
            {one.last_error ? <p className="text-bad anywhere">Last error: {one.last_error}</p> : null}
          </td>
          <td>
            {one.confirmed ? (
              <span className="badge good">confirmed</span>
            ) : (
              <span className="badge warn" title="It gets messages after it has confirmed">
                to be confirmed
              </span>
            )}
          </td>
          <td className="number">{count(one.delivered)}</td>
          <td className="number">{count(one.waiting)}</td>
          <td className="number">
            {one.failed > 0 ? (
              <button
                type="button"
                className="button quiet text-bad"
                aria-label={`${one.failed} messages not delivered to ${one.endpoint}`}
                onClick={() => ask("undelivered", one)}
              >
                {count(one.failed)} …
              </button>
            ) : (
              0
            )}
          </td>
          {isAdmin ? (
            <td className="nowrap right">
              <button
                type="button"
                className="button quiet"
                aria-label={`Unsubscribe ${one.endpoint}`}
                onClick={() => ask("unsubscribe", one)}
              >
                Unsubscribe …
              </button>
            </td>
          ) : null}
        </tr>
      ))}
    </Table>
  );
}
