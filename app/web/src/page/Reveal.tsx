/** The finished picture's preview, which comes up on the paper. */

import type { UseQueryResult } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { ResultBody } from "../status/schema";

export function Reveal({ result }: { result: UseQueryResult<ResultBody> }) {
  const { data, error, isFetching, refetch } = result;
  const [broken, setBroken] = useState<string | null>(null);
  const isAskedAnew = useRef(false);
  if (!data) {
    return error && <p className="trouble over">{error.message}</p>;
  }
  const { url, width, height } = data.preview;

  // An address may have been too old. One that is new and leads nowhere either is no reason to ask on and on.
  const askAnew = () => {
    setBroken(url);
    if (!isAskedAnew.current) {
      isAskedAnew.current = true;
      void refetch();
    }
  };
  if (url === broken) {
    return (
      !isFetching && (
        <p className="trouble over">
          The preview could not be loaded. It is tried again in a few minutes by itself; to try at once, reload this
          page.
        </p>
      )
    );
  }
  return (
    <figure className="picture">
      <img
        src={url}
        width={width}
        height={height}
        alt="What Darkroom made"
        onError={askAnew}
        onLoad={() => {
          isAskedAnew.current = false;
        }}
      />
    </figure>
  );
}
