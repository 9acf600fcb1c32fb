// Searches to begin with: those of the AWS and Splunk article that this product grew from.

export type Starter = {
  title: string;
  spl: string;
  /** The word to replace before it can be run. */
  fillIn?: string;
};

export const STARTERS: ReadonlyArray<Starter> = [
  {
    title: "Open TCP ports per device over time",
    spl: 'index="iot" sourcetype="aws-iot-device-defender" | spath name | search name="aws:num-listening-tcp-ports"\n| chart max(value.count) as tcp_count over _time by thing',
  },
  {
    title: "Which ports one device has open (put its name in)",
    fillIn: "THING",
    spl: 'index="iot" sourcetype="aws-iot-device-defender" | where thing="THING"\n| spath name\n| search name="aws:listening-tcp-ports"\n| spath value.ports{} output=open-ports\n| mvexpand open-ports\n| chart count(open-ports) over _time by open-ports',
  },
  {
    title: "Audit results",
    spl: 'index="iot" sourcetype="aws-iot-device-defender" | where isnotnull(checkName)',
  },
];
