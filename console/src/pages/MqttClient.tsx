// A test client: follow topics, publish a message.
import { useState } from "react";
import { Empty } from "../components/StateViews";
import { useIsAdmin } from "../lib/role";
import { type Draft, Follow } from "../mqtt/Follow";
import { Publish } from "../mqtt/Publish";

const FIRST: Draft = { topic: "", payload: '{"hello": "world"}', qos: 1, retain: false };

export function MqttClient() {
  const isAdmin = useIsAdmin();
  const [draft, setDraft] = useState(FIRST);
  if (!isAdmin) {
    return (
      <div className="page">
        <h1>MQTT client</h1>
        <section className="panel">
          <Empty title="Only administrators may use the test client">
            <p>It sees and sends any message, whatever devices may do.</p>
          </Empty>
        </section>
      </div>
    );
  }
  return (
    <div className="page">
      <div className="page-head">
        <h1>MQTT client</h1>
        <span className="muted">sees and sends any message, whatever policies say</span>
      </div>
      <div className="columns">
        <Follow reuse={setDraft} />
        <Publish draft={draft} change={setDraft} />
      </div>
    </div>
  );
}
