import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import {
  attachCertificate,
  attachPolicyToCertificate,
  certificateQuery,
  changeCertificate,
  deleteCertificate,
  detachCertificate,
  detachPolicyFromCertificate,
  policiesQuery,
} from "../api/registry";
import type { CertificateDetail } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { Icon } from "../components/Icon";
import { NotLoaded } from "../components/NotLoaded";
import { AuthorityLink, CertificateStatus, PolicyLink, ThingLink } from "../components/RegistryLinks";
import { Stale } from "../components/StateViews";
import { Ties } from "../components/Ties";
import { download } from "../lib/csv";
import { dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";

const route = getRouteApi("/certificates/$id");

export function Certificate() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(certificateQuery(id));
  const isAdmin = useIsAdmin();
  if (!data) {
    return (
      <NotLoaded
        title="Certificate"
        what="the certificate"
        error={error}
        retry={() => void refetch()}
        gone={{
          title: "There is no such certificate",
          children: (
            <Link to="/certificates" search={{}}>
              All certificates
            </Link>
          ),
        }}
      />
    );
  }
  return (
    <div className="page">
      <div className="page-head">
        <h1>Certificate</h1>
        <CertificateStatus status={data.status} />
        {isAdmin ? <Actions certificate={data} /> : null}
      </div>
      <Stale error={error} />
      <div className="columns">
        <Facts certificate={data} />
        <div className="stack">
          <Things certificate={data} isAdmin={isAdmin} />
          <Policies certificate={data} isAdmin={isAdmin} />
        </div>
      </div>
    </div>
  );
}

/** Clients that are named; more are counted. */
const CLIENTS_SHOWN = 10;

const QUESTIONS = {
  ACTIVE: { title: "Activate it?", verb: "Activate", text: "Devices with this certificate may connect." },
  INACTIVE: {
    title: "Switch it off?",
    verb: "Switch off",
    text: "Its connections are cut within a second, and it is refused until it is activated again.",
  },
  REVOKED: {
    title: "Revoke it?",
    verb: "Revoke",
    text: "Its connections are cut within a second. A revoked certificate cannot be activated again.",
  },
} as const;

function Actions({ certificate }: { certificate: CertificateDetail }) {
  const [asked, setAsked] = useState<keyof typeof QUESTIONS | "delete" | null>(null);
  const navigate = useNavigate();
  const { id, status } = certificate;
  const close = () => setAsked(null);
  return (
    <div className="end">
      {status === "ACTIVE" ? (
        <button type="button" className="button" onClick={() => setAsked("INACTIVE")}>
          Switch off …
        </button>
      ) : null}
      {status === "INACTIVE" || status === "PENDING_ACTIVATION" ? (
        <button type="button" className="button" onClick={() => setAsked("ACTIVE")}>
          Activate …
        </button>
      ) : null}
      {status === "REVOKED" ? null : (
        <button type="button" className="button danger" onClick={() => setAsked("REVOKED")}>
          Revoke …
        </button>
      )}
      {status === "ACTIVE" ? null : (
        <button type="button" className="button danger" onClick={() => setAsked("delete")}>
          Delete …
        </button>
      )}
      {asked && asked !== "delete" ? (
        <ActionDialog
          title={QUESTIONS[asked].title}
          verb={QUESTIONS[asked].verb}
          dangerous={asked !== "ACTIVE"}
          onClose={close}
          act={() => changeCertificate(id, { status: asked })}
        >
          <p>{QUESTIONS[asked].text}</p>
          {asked === "ACTIVE" ? null : <Consequence clients={certificate.connected} />}
        </ActionDialog>
      ) : null}
      {asked === "delete" ? (
        <ActionDialog
          title="Delete the certificate?"
          verb="Delete"
          dangerous
          onClose={close}
          act={async () => {
            await deleteCertificate(id);
            await navigate({ to: "/certificates", search: {} });
          }}
        >
          <p>It must be on no thing. Its policies are detached.</p>
        </ActionDialog>
      ) : null}
    </div>
  );
}

/** Clients, each with its line in the list of connections. */
function Connected({ clients }: { clients: string[] }) {
  const shown = clients.slice(0, CLIENTS_SHOWN);
  return (
    <>
      {shown.map((client, index) => (
        <span key={client}>
          {index > 0 ? ", " : ""}
          <Link to="/connections" search={{ prefix: client }}>
            {client}
          </Link>
        </span>
      ))}
      {clients.length > shown.length ? ` and ${clients.length - shown.length} more` : ""}
    </>
  );
}

/** What is cut when the certificate goes out of use. */
function Consequence({ clients }: { clients: string[] }) {
  if (clients.length === 0) return <p className="muted">Nobody is connected with it now.</p>;
  return (
    <div className="notice warn">
      {clients.length === 1 ? "One client is" : `${clients.length} clients are`} cut off at once:{" "}
      <Connected clients={clients} />
    </div>
  );
}

function Facts({ certificate }: { certificate: CertificateDetail }) {
  return (
    <section className="panel" aria-labelledby="facts">
      <div className="panel-head">
        <h2 id="facts">What it says</h2>
        <button
          type="button"
          className="button quiet end"
          onClick={() => download("certificate.pem.crt", "application/x-pem-file", certificate.pem)}
        >
          <Icon name="download" />
          PEM
        </button>
      </div>
      <dl className="facts panel-body">
        <dt>Id</dt>
        <dd className="mono">{certificate.id}</dd>
        <dt>Subject</dt>
        <dd className="mono">{certificate.subject}</dd>
        <dt>Issuer</dt>
        <dd className="mono">{certificate.issuer}</dd>
        <dt>Serial number</dt>
        <dd className="mono">{certificate.serial_number}</dd>
        <dt>Valid</dt>
        <dd className="number">
          {dateTime(certificate.not_before_ms)} to {dateTime(certificate.not_after_ms)}
        </dd>
        <dt>Registered</dt>
        <dd className="number">{dateTime(certificate.created_ms)}</dd>
        <dt>Last changed</dt>
        <dd className="number">{dateTime(certificate.modified_ms)}</dd>
        <dt>Signed by</dt>
        <dd>
          {certificate.ca ? <AuthorityLink id={certificate.ca} /> : "Picket's own authority, or unknown"}
        </dd>
        <dt>Connected now</dt>
        <dd>
          {certificate.connected.length === 0 ? "nobody" : <Connected clients={certificate.connected} />}
        </dd>
      </dl>
    </section>
  );
}

function Things({ certificate, isAdmin }: { certificate: CertificateDetail; isAdmin: boolean }) {
  const { id, things } = certificate;
  return (
    <Ties
      title="Things"
      names={things.map((thing) => thing.name)}
      link={(name) => (
        <>
          <ThingLink name={name} />{" "}
          {things.some((thing) => thing.name === name && thing.is_exclusive) ? (
            <span className="badge">exclusive</span>
          ) : null}
        </>
      )}
      none="It is on no thing"
      {...(isAdmin
        ? {
            add: { verb: "Attach to a thing", act: (name: string) => attachCertificate(id, name) },
            remove: (name: string) => detachCertificate(id, name),
          }
        : {})}
    />
  );
}

function Policies({ certificate, isAdmin }: { certificate: CertificateDetail; isAdmin: boolean }) {
  const { data } = useQuery({ ...policiesQuery({}), enabled: isAdmin });
  const { id, policies } = certificate;
  return (
    <Ties
      title="Policies"
      names={policies}
      link={(name) => <PolicyLink name={name} />}
      none="No policy is attached"
      {...(isAdmin
        ? {
            add: {
              verb: "Attach a policy",
              options: data?.policies.map((policy) => policy.name) ?? [],
              act: (name: string) => attachPolicyToCertificate(id, name),
            },
            remove: (name: string) => detachPolicyFromCertificate(id, name),
          }
        : {})}
    />
  );
}
