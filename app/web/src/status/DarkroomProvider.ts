/** Tells every `useStatus` below it where Darkroom's API is and where session tokens come from. */

"use client";

import { createContext, createElement, type ReactNode, useContext, useMemo } from "react";
import { type Connection, HERE } from "./connection.ts";

const Context = createContext<Connection>(HERE);

export interface DarkroomProviderProperties extends Partial<Connection> {
  children?: ReactNode;
}

/** What is not given stays as it is above: at first the page's own origin, and the sessions kept in this browser. */
export function DarkroomProvider({ baseUrl, sessions, children }: DarkroomProviderProperties) {
  const above = useContext(Context);
  const connection = useMemo(
    () => ({ baseUrl: baseUrl ?? above.baseUrl, sessions: sessions ?? above.sessions }),
    [baseUrl, sessions, above],
  );
  return createElement(Context.Provider, { value: connection }, children);
}

export function useConnection(): Connection {
  return useContext(Context);
}
