// ---- Flat versions: no route table; what a path means is told by its form.

// What `path` (from resolve) gets by `record`: {uri} of an object or {redirect} to a site path.
function route(record, path) {
  const address = addressOf(path);
  if (record.html === 'none') {
    return objectAt(record, 0, address);
  }
  if (path.folder) {
    return objectAt(record, 0, address + 'index.html');
  }
  if (isNamed(path) || isExact(record, path.path)) {
    return objectAt(record, 0, address);
  }
  return record.pages === 'file'
    ? objectAt(record, 0, address + '.html')
    : { redirect: address + '/' };
}

function isExact(record, path) {
  return Array.isArray(record.exact) && record.exact.includes(path);
}
