/** Rendered on the server: the provider and the hook are the package's own client components. */

import { Job } from "./Job";

export default async function Page({ searchParams }: { searchParams: Promise<{ api?: string; job?: string }> }) {
  const { api = "", job = "" } = await searchParams;
  return <Job api={api} jobId={job} />;
}
