import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { authorityQuery, changeAuthority, deleteAuthority } from "../api/registry";
import type { AuthorityDetail } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { TemplateField } from "../components/AuthorityForm";
import { CertificateRows } from "../components/CertificateRows";
import { Icon } from "../components/Icon";
import { NotLoaded } from "../components/NotLoaded";
import { AuthorityStatus } from "../components/RegistryLinks";
import { Empty, Stale } from "../components/StateViews";
import { download } from "../lib/csv";
import { dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";
import { laidOut } from "../policy/draft";

const route = getRouteApi("/authorities/$id");

export function Authority() {
  const { id } = route.useParams();
  const { data, error, refetch, dataUpdatedAt } = useQuery(authorityQuery(id));
  const isAdmin = useIsAdmin();
  if (!data) {
    return (
      <NotLoaded
        title="Authority"
        what="the authority"
        error={error}
        retry={() => void refetch()}
        gone={{
          title: "There is no such authority",
          children: (
            <Link to="/authorities" search={{}}>
              All authorities
            </Link>
          ),
        }}
      />
    );
  }
  return (
    <div className="page">
      <div className="page-head">
        <h1>Authority</h1>
        <AuthorityStatus status={data.authority.status} />
        {isAdmin ? <Actions detail={data} /> : null}
      </div>
      <Stale error={error} />
      <div className="columns">
        <Facts detail={data} />
        <Template detail={data} isAdmin={isAdmin} />
      </div>
      <section className="panel" aria-labelledby="signed">
        <div className="panel-head">
          <h2 id="signed">Certificates it has signed</h2>
          {data.has_more_certificates ? <span className="end muted">Only the newest are shown.</span> : null}
        </div>
        {data.certificates.length === 0 ? (
          <Empty title="None of its certificates is registered">
            {data.authority.auto_registration ? (
              <p>The first device that connects with one is.</p>
            ) : (
              <p>
                Register one with <code>aws iot register-certificate</code>, or let devices register
                themselves.
              </p>
            )}
          </Empty>
        ) : (
          <CertificateRows certificates={data.certificates} now={dataUpdatedAt} />
        )}
      </section>
    </div>
  );
}

type Question = "activate" | "deactivate" | "welcome" | "close" | "delete";

function Actions({ detail }: { detail: AuthorityDetail }) {
  const { id, status, auto_registration } = detail.authority;
  const [asked, setAsked] = useState<Question | null>(null);
  const isActive = status === "ACTIVE";
  return (
    <div className="end">
      <button
        type="button"
        className="button"
        onClick={() => setAsked(auto_registration ? "close" : "welcome")}
      >
        {auto_registration ? "End self-registration …" : "Let devices register themselves …"}
      </button>
      <button type="button" className="button" onClick={() => setAsked(isActive ? "deactivate" : "activate")}>
        {isActive ? "Switch off …" : "Activate …"}
      </button>
      {isActive ? null : (
        <button type="button" className="button danger" onClick={() => setAsked("delete")}>
          Delete …
        </button>
      )}
      {asked ? <Ask id={id} asked={asked} onClose={() => setAsked(null)} /> : null}
    </div>
  );
}

const QUESTIONS = {
  activate: {
    title: "Activate it?",
    verb: "Activate",
    text: "Certificates it has signed can be registered.",
    change: { status: "ACTIVE" },
  },
  deactivate: {
    title: "Switch it off?",
    verb: "Switch off",
    text: "No certificate of it can be registered any more. Those that are registered go on: switch them off one by one.",
    change: { status: "INACTIVE" },
  },
  welcome: {
    title: "Let devices register themselves?",
    verb: "Let them",
    text: "Whoever has a certificate of this CA is registered when it first connects.",
    change: { auto_registration: true },
  },
  close: {
    title: "End self-registration?",
    verb: "End it",
    text: "New devices are refused until their certificates are registered by hand. Those that are registered go on.",
    change: { auto_registration: false },
  },
} as const;

function Ask({ id, asked, onClose }: { id: string; asked: Question; onClose: () => void }) {
  const navigate = useNavigate();
  if (asked === "delete") {
    return (
      <ActionDialog
        title="Delete the authority?"
        verb="Delete"
        dangerous
        onClose={onClose}
        act={async () => {
          await deleteAuthority(id);
          await navigate({ to: "/authorities", search: {} });
        }}
      >
        <p>Certificates it has signed stay registered. New ones of it are unknown.</p>
      </ActionDialog>
    );
  }
  const { title, verb, text, change } = QUESTIONS[asked];
  return (
    <ActionDialog
      title={title}
      verb={verb}
      dangerous={asked === "deactivate" || asked === "close"}
      onClose={onClose}
      act={() => changeAuthority(id, change)}
    >
      <p>{text}</p>
    </ActionDialog>
  );
}

function Facts({ detail }: { detail: AuthorityDetail }) {
  const { authority } = detail;
  return (
    <section className="panel" aria-labelledby="facts">
      <div className="panel-head">
        <h2 id="facts">What it says</h2>
        <button
          type="button"
          className="button quiet end"
          onClick={() => download("ca-certificate.pem", "application/x-pem-file", detail.pem)}
        >
          <Icon name="download" />
          PEM
        </button>
      </div>
      <dl className="facts panel-body">
        <dt>Id</dt>
        <dd className="mono">{authority.id}</dd>
        <dt>Subject</dt>
        <dd className="mono">{authority.subject}</dd>
        <dt>Valid</dt>
        <dd className="number">
          {dateTime(authority.not_before_ms)} to {dateTime(authority.not_after_ms)}
        </dd>
        <dt>Mode</dt>
        <dd>
          {authority.mode === "DEFAULT" ? "Its key was shown" : "SNI only: devices have to name the server"}
        </dd>
        <dt>New devices</dt>
        <dd>
          {authority.auto_registration ? "register themselves when they connect" : "are registered by hand"}
        </dd>
        <dt>Registered</dt>
        <dd className="number">{dateTime(authority.created_ms)}</dd>
        <dt>Last changed</dt>
        <dd className="number">{dateTime(authority.modified_ms)}</dd>
      </dl>
    </section>
  );
}

function Template({ detail, isAdmin }: { detail: AuthorityDetail; isAdmin: boolean }) {
  const [editing, setEditing] = useState(false);
  const { template } = detail;
  return (
    <section className="panel" aria-labelledby="template">
      <div className="panel-head">
        <h2 id="template">Provisioning template</h2>
        {isAdmin ? (
          <button type="button" className="button quiet end" onClick={() => setEditing(true)}>
            Edit …
          </button>
        ) : null}
      </div>
      {template === null ? (
        <Empty title="There is none">
          <p>A device that registers itself waits until its certificate is activated.</p>
        </Empty>
      ) : (
        <pre className="code-block plain">{laidOut(template)}</pre>
      )}
      {editing ? (
        <ActionDialog
          title="Provisioning template"
          verb="Save"
          onClose={() => setEditing(false)}
          act={(field) => changeAuthority(detail.authority.id, { template: field("template") })}
        >
          <TemplateField value={template === null ? "" : laidOut(template)} />
        </ActionDialog>
      ) : null}
    </section>
  );
}
