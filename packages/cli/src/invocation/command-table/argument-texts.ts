/** Forms of the name of an object. */
export const OBJECT_NAME: string =
  'branch, tag, ref, dag, <commit>:<dag>, <dag>#<node name>, <name>.<key>, id or beginning of an id, SHA-256 of a file';

/** Forms of the name of a call, which is also named as it is printed. */
export const CALL_NAME: string = `${OBJECT_NAME}; a call also by its function or text: fit, "fit(rows, 3)"`;

/** Forms of the name of a commit. */
export const COMMIT_NAME: string = 'branch, tag, ref, <commit>~<n>, id or beginning of an id';

/** Forms of the place of a remote. */
export const PLACE: string =
  'folder or bucket: a path, file:///path or s3://bucket/folder?region=…&endpoint=…&profile=…';

/** Effect of a limit of blobs. */
export const BLOB_LIMIT: string =
  'leave out the content of blobs above a size such as 1MiB, which is then read on demand';

/** Names of a remote. */
export const REMOTE: string = 'a remote of this repository; origin, or the only one, by default';
