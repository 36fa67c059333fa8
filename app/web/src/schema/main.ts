/** The page at /schema: every endpoint, to read and to try, from the document that this server gives. */

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import "./schema.css";

SwaggerUI({
  domNode: document.getElementById("schema"),
  url: "/schema/openapi.json",
  validatorUrl: null, // its default is a server of its authors
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
});
