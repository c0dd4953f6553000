import { createRoot } from 'react-dom/client';
import { createBrowserRouter, Link, Outlet, RouterProvider } from 'react-router-dom';
import { Home } from './home.jsx';

function Layout() {
  return (
    <>
      <nav>
        <Link to="/">Home</Link> <Link to="/guide">Guide</Link>
      </nav>
      <Outlet />
    </>
  );
}

const router = createBrowserRouter([
  {
    element: <Layout />,
    children: [
      { path: '/', element: <Home /> },
      { path: '/guide', lazy: () => import('./guide.jsx') },
      { path: '/team/:name', lazy: () => import('./team.jsx') },
      { path: '*', element: <h1>No such page</h1> },
    ],
  },
]);

createRoot(document.getElementById('root')).render(<RouterProvider router={router} />);
