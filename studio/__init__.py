"""Studio: what people touch - the page, the command line, the REST API, jobs and the library."""
