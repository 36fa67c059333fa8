/** The finished picture's preview, which comes up on the paper. */

import type { UseQueryResult } from "@tanstack/react-query";
import type { ResultBody } from "../status/schema";

export function Reveal({ result }: { result: UseQueryResult<ResultBody> }) {
  const { data, error, refetch } = result;
  if (!data) {
    return error && <p className="trouble over">{error.message}</p>;
  }
  const { url, width, height } = data.preview;
  return (
    <figure className="picture">
      <img src={url} width={width} height={height} alt="What Darkroom made" onError={() => refetch()} />
    </figure>
  );
}
