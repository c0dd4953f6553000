import cf from 'cloudfront';

// What the CloudFront Hosting Toolkit's functions do, in our words: one read of the store for the
// folder of what is live, and a guess at the file from the form of the path. As there, the handler
// awaits a function that awaits the store, and a regular expression tells files from pages.
const FILE = /\/[^\/]+\.[^\/]+$/;
const ENDINGS = { folder: 'index.html', page: '.html' };

async function handler(event) {
  const request = event.request;
  request.uri = await placeOf(request.uri);
  return request;
}

async function placeOf(uri) {
  let folder = '';
  try {
    folder = await cf.kvs().get('path');
  } catch (error) {
    return uri;
  }
  if (uri.endsWith('/')) {
    return '/' + folder + uri + ENDINGS.folder;
  }
  return '/' + folder + uri + (FILE.test(uri) ? '' : ENDINGS.page);
}
