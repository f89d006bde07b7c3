// The phone of a user who is signed in.
'use strict';

const element = id => document.getElementById(id);
const user = element('status').dataset.user;

let device;
let tokenTime; // when its token was fetched
let retry; // the timer after an attempt to renew it failed
let call; // the only call, from when it begins to ring
let progress; // what the status line says about it

element('dial').addEventListener('submit', dial);
element('hangup').addEventListener('click', () => call?.disconnect());
element('decline').addEventListener('click', () => call?.reject());
element('answer').addEventListener('click', answer);
start().catch(showProblem);

async function start() {
  if (!window.Twilio) {
    throw new Error('The server’s flag -sdk does not lead to the Voice SDK.');
  }
  device = new Twilio.Device(await fetchToken(), {
    closeProtection: true, // asks before the page is left during a call
    enableImprovedSignalingErrorPrecision: true, // otherwise many errors are 31000, 31005 or 53000
    tokenRefreshMs: 60000, // leaves time to try again if the server does not answer
  });
  device.on('registering', render);
  device.on('registered', () => showProblem());
  device.on('unregistered', render);
  device.on('tokenWillExpire', renewToken);
  device.on('incoming', ring);
  device.on('error', error => {
    showProblem(error);
    // The token may have expired while the computer slept. If Twilio says so
    // about a new token, another one would not help.
    if (error.code === 20104 && Date.now() - tokenTime > 60000) {
      renewToken();
    }
  });
  device.register().catch(() => {}); // the events above say why it failed

  // After a reload, browsers play no sound until the page is clicked.
  const audio = Twilio.Device.audioContext;
  audio?.addEventListener('statechange', render);
  for (const event of ['click', 'keydown']) {
    document.addEventListener(event, () => audio?.resume());
  }
}

async function fetchToken() {
  const response = await fetch('/token', {method: 'POST'}).catch(() => {
    throw new Error('The server of this page cannot be reached.');
  });
  if (!response.ok) {
    throw new Error(await response.text(), {cause: response.status});
  }
  tokenTime = Date.now();
  return (await response.json()).token;
}

async function renewToken() {
  try {
    device.updateToken(await fetchToken());
    showProblem();
  } catch (error) {
    showProblem(error);
    clearTimeout(retry);
    if (error.cause !== 401) {
      retry = setTimeout(renewToken, 10000);
    }
  }
}

async function dial(event) {
  event.preventDefault();
  const to = element('to').value.trim();
  if (element('call').disabled || to === '') {
    return;
  }
  showProblem();
  element('call').disabled = true; // render enables it again
  try {
    follow(await device.connect({params: {To: to}}), to, `Calling ${to}…`);
  } catch (error) {
    showProblem(error);
  }
}

function ring(incoming) {
  if (call) {
    incoming.reject();
    return;
  }
  const from = (incoming.parameters.From || 'Somebody').replace('client:', '');
  showProblem();
  follow(incoming, from, `${from} is calling`);
}

function answer() {
  showProblem();
  call.accept();
  progress = 'Answering…';
  render();
}

// follow makes the page show a call with another party until the call ends.
function follow(next, party, text) {
  const show = text => {
    if (call === next) {
      progress = text;
      render();
    }
  };
  const end = () => {
    if (call === next && next.status() === 'closed') {
      call = undefined;
      render();
    }
  };
  call = next;
  call.on('ringing', () => show(`Ringing ${party}…`));
  call.on('accept', () => show(`In a call with ${party}`));
  call.on('reconnecting', () => show('Reconnecting the call…'));
  call.on('reconnected', () => show(`In a call with ${party}`));
  call.on('error', error => showProblem(error));
  for (const event of ['disconnect', 'cancel', 'reject', 'transportClose', 'error']) {
    call.on(event, end);
  }
  show(text);
}

// showProblem shows an error in words and with its code, or removes the last.
function showProblem(error) {
  let text = error?.message ?? '';
  if (error?.code) { // from the Voice SDK, whose messages begin with the name and the code
    const words = text.replace(/^\w+ \(\d+\): /, '') || error.description;
    text = `${words} (Error ${error.code}, ${error.name})`;
  }
  element('problem').textContent = text;
  element('problem').hidden = !error;
  render();
}

// render makes the page show the state of the device and of the call.
function render() {
  const focused = document.activeElement;
  const online = device?.state === 'registered';
  const ringing = call?.direction === 'INCOMING' && call.status() === 'pending';
  const failed = !element('problem').hidden;
  element('status').textContent = call ? progress : online ? `Online as ${user}` : failed ? 'Offline' : 'Connecting…';
  element('status').classList.toggle('online', online);
  element('silent').hidden = window.Twilio?.Device.audioContext?.state !== 'suspended';
  element('ringing').hidden = !ringing;
  element('call').disabled = !online || Boolean(call);
  element('hangup').disabled = !call || ringing;
  if (focused.disabled || focused.closest('[hidden]')) {
    element(call ? 'hangup' : 'call').focus(); // otherwise keyboard users would have to start over
  }
}
