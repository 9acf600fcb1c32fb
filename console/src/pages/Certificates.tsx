import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { certificatesQuery } from "../api/registry";
import { CertificateRows } from "../components/CertificateRows";
import { CertificateTabs } from "../components/CertificateTabs";
import { NewButton } from "../components/EntryActions";
import { ListPage } from "../components/ListPage";
import { NewCertificate } from "../components/NewCertificate";
import { count } from "../lib/format";
import { useIsAdmin } from "../lib/role";

const route = getRouteApi("/certificates");

export function Certificates() {
  const { after } = route.useSearch();
  const [adding, setAdding] = useState(false);
  const isAdmin = useIsAdmin();
  const { data, error, refetch, dataUpdatedAt } = useQuery(certificatesQuery({ after }));
  return (
    <>
      <ListPage
        title="Certificates"
        what="certificates"
        aside={
          <>
            <CertificateTabs />
            {data ? <span className="muted number">{count(data.total)} registered</span> : null}
          </>
        }
        error={error}
        retry={() => void refetch()}
        rows={data?.certificates.length}
        empty={{
          title: "There are no certificates yet",
          text: "A device shows one to be let in. “New thing” makes one with it; here is one without a thing.",
        }}
        actions={isAdmin ? <NewButton text="New certificate" onClick={() => setAdding(true)} /> : null}
        paging={
          <>
            {after ? (
              <Link className="button" to="/certificates" search={{}}>
                First page
              </Link>
            ) : null}
            {data?.next ? (
              <Link className="button" to="/certificates" search={{ after: data.next }}>
                Next page
              </Link>
            ) : null}
          </>
        }
      >
        <CertificateRows certificates={data?.certificates ?? []} now={dataUpdatedAt} />
      </ListPage>
      {adding ? <NewCertificate onClose={() => setAdding(false)} /> : null}
    </>
  );
}
