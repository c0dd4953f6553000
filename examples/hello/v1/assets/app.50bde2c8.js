const stamp = document.querySelector("[data-loaded]");
if (stamp) stamp.textContent = new Date().toLocaleTimeString();
