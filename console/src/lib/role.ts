import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/queries";

/** Whether who is logged in may make changes. The server asks again. */
export function useIsAdmin(): boolean {
  const { data } = useQuery(sessionQuery);
  return data?.role === "admin";
}

/** Whether who is logged in may verify alarms and plan mitigation. The server asks again. */
export function useMayVerify(): boolean {
  const { data } = useQuery(sessionQuery);
  return data?.role === "admin" || data?.role === "analyst";
}

/** Whether who is logged in may look into events and try profiles: analysts and administrators. */
export function useIsAnalyst(): boolean {
  const { data } = useQuery(sessionQuery);
  return data !== undefined && data !== null && data.role !== "viewer";
}
