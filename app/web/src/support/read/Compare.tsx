/** A usual upload of the same kind beside this one, and the first difference between them. A look at it is recorded. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ComparisonBody } from "../../status/schema";
import { uploadAddress } from "../address";
import { ask } from "../api";
import { Problem } from "../Problem";
import { Bars } from "./Bars";

export function Compare({ jobId }: { jobId: string }) {
  const [isOpen, setOpen] = useState(false);
  const { data, error } = useQuery({
    queryKey: ["usual", jobId],
    queryFn: ({ signal }) => ask<ComparisonBody>(`/uploads/${jobId}/timeline/usual`, { signal }),
    enabled: isOpen,
  });
  if (!isOpen) {
    return (
      <p>
        <button type="button" className="quiet button" onClick={() => setOpen(true)}>
          Compare with a usual one
        </button>
      </p>
    );
  }
  if (!data) {
    return error ? <Problem error={error} /> : <p role="status">Looking…</p>;
  }
  return (
    <>
      <p role="status">
        {data.firstDifference ?? "Up to here they do not differ."}{" "}
        <a href={uploadAddress(data.like.jobId)}>Open the usual one</a>
      </p>
      <Bars body={data.like} title="A usual one of the same kind" />
    </>
  );
}
