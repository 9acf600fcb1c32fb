import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/queries";

/** Whether who is logged in may make changes. The server asks again. */
export function useIsAdmin(): boolean {
  const { data } = useQuery(sessionQuery);
  return data?.role === "admin";
}
