/**
 * The finished picture's preview, which comes up on the paper. It is said to be ready only once it can be seen.
 * An address is used for as long as it works, although newer ones come in.
 */

import type { UseQueryResult } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { ResultBody } from "../status/schema";
import type { ApiError } from "./api";
import { say } from "./language";
import { Trouble } from "./Trouble";
import { RESULT_INTERVAL_MS } from "./useResult";
import { problem } from "./words";

interface Properties {
  result: UseQueryResult<ResultBody, ApiError>;
  /** With the picture when it can be seen; with nothing when it can no longer. */
  onSeen: (picture: HTMLImageElement | null) => void;
}

export function Reveal({ result, onSeen }: Properties) {
  const { data, error, isFetching, refetch, dataUpdatedAt, errorUpdatedAt } = result;
  const [seen, setSeen] = useState<string | null>(null);
  const [broken, setBroken] = useState<string | null>(null);
  const isAskedAnew = useRef(false);
  const url = seen ?? data?.preview.url ?? null;

  if (!data || url === null || url === broken) {
    const isWaiting = isFetching || (!error && url === null);
    return (
      !isWaiting && (
        <div className="over">
          <Trouble
            why={error ? problem(error) : say.previewLost}
            retryAt={Math.max(dataUpdatedAt, errorUpdatedAt) + RESULT_INTERVAL_MS}
            onNow={() => void refetch().then(() => setBroken(null))}
          />
        </div>
      )
    );
  }

  // An address may have been too old. One that is new and leads nowhere either is no reason to ask on and on.
  const askAnew = () => {
    setBroken(url);
    setSeen(null);
    onSeen(null);
    if (!isAskedAnew.current) {
      isAskedAnew.current = true;
      void refetch();
    }
  };
  return (
    <figure className="picture">
      <img
        src={url}
        width={data.preview.width}
        height={data.preview.height}
        alt={say.whatDarkroomMade}
        onError={askAnew}
        onLoad={({ currentTarget }) => {
          isAskedAnew.current = false;
          setSeen(url);
          onSeen(currentTarget);
        }}
      />
    </figure>
  );
}
