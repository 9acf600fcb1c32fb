// The messages that could not be delivered to a subscriber and are kept.
import { useQuery } from "@tanstack/react-query";
import { undeliveredQuery } from "../api/notifications";
import type { NotificationSubscription } from "../api/types.gen";
import { Dialog } from "../components/Dialog";
import { Empty, Failed, Loading } from "../components/StateViews";
import { dateTime } from "../lib/format";

type Props = { topic: string; subscription: NotificationSubscription; onClose: () => void };

export function UndeliveredDialog({ topic, subscription, onClose }: Props) {
  const { data, error, refetch } = useQuery(undeliveredQuery(topic, subscription.id));
  return (
    <Dialog title={`Not delivered to ${subscription.endpoint}`} onClose={onClose}>
      {!data && error ? (
        <Failed what="The messages could not be loaded" error={error} retry={() => void refetch()} />
      ) : null}
      {!data && !error ? <Loading what="the messages" /> : null}
      {data && data.messages.length === 0 ? (
        <Empty title="None is kept">
          <p>The newest are kept for a while; older ones are gone.</p>
        </Empty>
      ) : null}
      {data && data.messages.length > 0 ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling list is reached by keyboard
        <ul className="messages" tabIndex={0} aria-label="Messages, oldest first">
          {data.messages.map((message) => (
            <li key={message.message_id}>
              <div className="head">
                <time className="number" dateTime={new Date(message.time_ms).toISOString()}>
                  {dateTime(message.time_ms)}
                </time>
                <span className="muted number">{message.attempts} attempts</span>
                <span className="text-bad">{message.error}</span>
              </div>
              <pre>{message.message}</pre>
            </li>
          ))}
        </ul>
      ) : null}
      <form method="dialog" className="foot">
        <button type="submit" className="button">
          Close
        </button>
      </form>
    </Dialog>
  );
}
