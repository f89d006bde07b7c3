// The phone of a user who is signed in, and advice where nobody can sign in or call.
'use strict';

const element = id => document.getElementById(id);
const {user, url} = document.querySelector('main').dataset;
const maxLoss = 30000; // Twilio keeps a call without signalling for at most as long
const tabs = new BroadcastChannel('softphone'); // a call rings in each tab

let device;
let wasOnline = false;
let offlineSince; // while the device is not registered
let tokenTime; // when its token was fetched, by the wall clock, which goes on while a computer sleeps
let lastAttempt = -Infinity, lastRenewal = -Infinity; // when a renewal last began, and when one succeeded
let renewalTimer;
let renewalDue = false; // a renewal waits for the end of the call
let stopped = false; // renewals would be of no use
let call; // the only one, from when it is dialed or begins to ring
let note = ''; // how the last call ended
let elsewhere; // whose call was answered in another tab
const problems = {server: '', twilio: '', call: ''}; // a sentence or none for each

giveAdvice();
if (element('dial')) {
  element('dial').addEventListener('submit', dial);
  element('answer').addEventListener('click', answer);
  element('decline').addEventListener('click', decline);
  element('hangup').addEventListener('click', hangUp);
  element('mute').addEventListener('click', () => call.sdk.mute(!call.sdk.isMuted()));
  element('keypad').addEventListener('click', event => press(event.target.textContent));
  element('keypad').addEventListener('keydown', event => press(event.key));
  addEventListener('pageshow', event => event.persisted && location.reload()); // the device has been destroyed
  tabs.addEventListener('message', ({data}) => { elsewhere = data; });
  setInterval(render, 250); // for the timer, and for a Twilio that does not answer
  renewToken();
}

// giveAdvice says which address to use, where browsers offer no microphone, or
// do not keep the cookie, so that the form to sign in comes back.
function giveAdvice() {
  const better = url || `http://localhost:${location.port} on the computer that runs the server`;
  const form = element('sign-in');
  let advice = '';
  if (!isSecureContext) {
    advice = `Calls do not work here: browsers offer the microphone only by https and at localhost. Use ${better}.`;
  } else if (form && window.name === 'signing in' && !element('problem')) {
    advice = `Your browser did not keep the cookie of this page. Allow cookies, or use ${better}.`;
  }
  window.name = ''; // it outlasts the page
  form?.addEventListener('submit', () => { window.name = 'signing in'; });
  element('address').textContent = advice;
  element('address').hidden = !advice;
}

// renewToken fetches the first token, and each one after it, but not within ten
// seconds of the last. In a call, a new one could cost a second of sound.
async function renewToken() {
  const mustWait = () => Boolean(call) && device.state === 'registered';
  const wait = lastAttempt + 10000 - performance.now();
  clearTimeout(renewalTimer);
  renewalDue = mustWait();
  if (renewalDue) {
    return; // end calls it again
  }
  if (wait > 0) {
    renewalTimer = setTimeout(renewToken, wait);
    return;
  }
  try {
    lastAttempt = device ? performance.now() : -Infinity;
    const token = await fetchToken();
    clearTimeout(renewalTimer);
    problems.server = '';
    renewalDue = mustWait();
    if (!device) {
      connect(token);
    } else if (!renewalDue) {
      device.updateToken(token);
      if (performance.now() - lastRenewal < 60000) {
        problems.server = 'The tokens expire too soon. Is the server’s clock right?';
      }
      lastRenewal = performance.now();
      problems.twilio = device.state === 'registered' ? '' : problems.twilio;
    }
  } catch (error) {
    problems.server = error.message;
    stopped = error.cause === 'final';
    renewalTimer = stopped ? undefined : setTimeout(renewToken, 10000);
  }
  render();
}

async function fetchToken() {
  let response, answer;
  try {
    const body = new URLSearchParams({page: user}); // another user may have signed in since
    response = await fetch('/token', {method: 'POST', body, signal: AbortSignal.timeout(10000)});
    answer = await response.json().catch(() => null); // a page of a proxy, for example
  } catch {
    throw new Error('The server of this page cannot be reached.');
  }
  if (response.status === 401) {
    throw new Error('You are no longer signed in. Reload the page to sign in.', {cause: 'final'});
  }
  if (!response.ok || typeof answer?.token !== 'string' || answer.token === '') {
    throw new Error(`The server of this page sent no token. It answered with status ${response.status}.`);
  }
  tokenTime = Date.now();
  return answer.token;
}

function connect(token) {
  if (!window.Twilio) {
    throw new Error('The server’s flag -sdk does not lead to the Voice SDK.', {cause: 'final'});
  }
  device = new Twilio.Device(token, {
    allowIncomingWhileBusy: true, // so that their callers are told that it is busy
    closeProtection: true, // asks before the page is left during a call
    codecPreferences: ['opus', 'pcmu'],
    enableImprovedSignalingErrorPrecision: true, // otherwise many errors are 31000, 31005 or 53000
    maxCallSignalingTimeoutMs: maxLoss,
    tokenRefreshMs: 60000, // leaves time to try again if the server does not answer
  });
  device.on('registering', render);
  device.on('registered', () => {
    wasOnline = true;
    problems.twilio = '';
    render();
  });
  device.on('unregistered', () => {
    render();
    if (renewalDue) {
      renewToken(); // for when the SDK connects again
    }
  });
  device.on('tokenWillExpire', renewToken);
  device.on('incoming', ring);
  device.on('error', error => {
    if (error.code === 31009) {
      return; // a message waits for the connection, whose loss was an error of its own
    }
    problems.twilio = inWords(error);
    render();
    if (error.code === 20104 && Date.now() - tokenTime > 60000) {
      renewToken(); // it may have expired while the computer slept
    } else if (/^2|^312/.test(error.code)) {
      clearTimeout(renewalTimer);
      renewalTimer = setTimeout(renewToken, 60000); // another may be accepted, once the fault is corrected
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

async function dial(event) {
  event.preventDefault();
  const to = element('to').value.trim();
  if (element('call').disabled || to === '') {
    return;
  }
  const mine = begin({party: withoutScheme(to), what: 'Calling'});
  try {
    const sdk = await device.connect({params: {To: to}});
    if (call === mine) {
      follow(mine, sdk);
    } else {
      sdk.disconnect(); // the user has hung up by now
    }
  } catch (error) {
    end(mine, '', inWords(error, mine));
  }
}

function ring(sdk) {
  const party = withoutScheme(sdk.parameters.From || 'an unknown caller');
  if (call) {
    sdk.reject();
    call.missed = ` You missed a call from ${party}.`;
  } else if (sdk.status() === 'pending') {
    follow(begin({party, what: 'Incoming call from', incoming: true}), sdk);
  } else { // the caller gave up before the ring tone had loaded
    note = `You missed a call from ${party}.`;
    render();
  }
}

function answer() {
  call.answered = true;
  call.what = 'Answering';
  call.sdk.accept();
  tabs.postMessage(call.party);
  render();
}

function decline() {
  call.sdk.reject();
  end(call, `You declined the call from ${call.party}.`);
}

function hangUp() {
  call.sdk?.disconnect();
  end(call, `The call with ${call.party} has ended.`);
}

function press(key) {
  if (/^[0-9*#]$/.test(key)) {
    call.sdk.sendDigits(key);
  }
}

function begin(next) {
  call = next;
  note = elsewhere = problems.twilio = problems.call = '';
  render();
  return next;
}

// follow keeps the page's call in step with that of the SDK.
function follow(mine, sdk) {
  const show = what => {
    clearTimeout(mine.loss);
    mine.what = what;
    render();
  };
  const lose = () => {
    sdk.disconnect();
    end(mine, `The call with ${mine.party} ended because the connection to Twilio was lost.`);
  };
  mine.sdk = sdk;
  sdk.on('ringing', () => {
    mine.rang = true;
    show('Ringing');
  });
  sdk.on('accept', () => {
    mine.since = performance.now();
    show('In a call with');
  });
  sdk.on('reconnecting', () => {
    show('Reconnecting the call with');
    mine.loss = setTimeout(lose, maxLoss + 5000);
  });
  sdk.on('reconnected', () => show('In a call with'));
  sdk.on('mute', render);
  sdk.on('transportClose', () => {
    if (!mine.since || !sdk.connectToken) {
      lose(); // the SDK drops such a call without an event, and would leave the microphone on
    }
  });
  sdk.on('error', error => { mine.error = error; });
  for (const event of ['disconnect', 'cancel', 'reject', 'error']) {
    sdk.on(event, () => queueMicrotask(() => { // an error comes before or after its other event
      if (sdk.status() === 'closed') {
        finish(mine);
      } else if (mine.error) {
        problems.call = inWords(mine.error, mine);
        mine.error = undefined;
        render();
      }
    }));
  }
}

// finish ends a call that the other party or Twilio has ended, and says why.
function finish(mine) {
  const {party, incoming, answered, since, rang, error} = mine;
  const known = {
    31404: /^\+/.test(party) ? `${party} cannot be reached.` : `${party} is not online.`,
    31480: `${party} did not answer.`,
    31486: `${party} is busy.`,
    31603: `${party} declined the call.`,
  };
  if (error) {
    end(mine, known[error.code] ?? '', known[error.code] ? '' : inWords(error, mine));
  } else if (incoming && !answered) {
    end(mine, elsewhere === party ? `You answered ${party} in another tab.` : `You missed a call from ${party}.`);
  } else if (!incoming && !since) {
    end(mine, known[31480]);
  } else if (!incoming && !rang) { // with answerOnBridge, it rings before somebody answers
    const digitsAlone = /^[\d\s().-]+$/.test(party);
    const why = digitsAlone ? 'A number begins with plus and a country code.' : 'The announcement said why.';
    end(mine, `The call to ${party} was refused. ${why}`);
  } else {
    end(mine, `${party} hung up.`);
  }
}

// end is the only way out of a call.
function end(mine, text, problem = '') {
  if (call !== mine) {
    return;
  }
  clearTimeout(mine.loss);
  call = undefined;
  note = text + (mine.missed ?? '');
  problems.call = problem;
  render();
  if (renewalDue) {
    renewToken();
  }
}

function withoutScheme(address) {
  return address.replace(/^(client|tel):/i, '');
}

// inWords says what an error of the SDK means, in a call or without one.
function inWords(error, mine) {
  const words = {
    20101: 'Twilio does not accept the token. Check the server’s variables, and its clock.',
    20104: 'Twilio says that the token has expired. Is the server’s clock right?',
    20151: 'Twilio does not accept the token. Check the server’s variables.',
    31001: 'Twilio does not know the TwiML application. Check TWILIO_APP_SID.',
    31005: mine ? 'Twilio ended the call.' : 'There is no connection to Twilio. Check the network.',
    31401: 'The browser may not use the microphone. Allow it in the browser’s settings for this page.',
    31402: isSecureContext ? 'The browser cannot use the microphone. Check that no other program uses it.' :
      'The browser offers no microphone at this address.',
  }[error.code] || error.message.replace(/^\w+ \(\d+\): /, '') || error.description;
  return error.code ? `${words} (Error ${error.code})` : words;
}

// render makes the page show the state of the device and of the call.
function render() {
  const focused = document.activeElement, now = performance.now();
  const online = device?.state === 'registered';
  const ringing = Boolean(call?.incoming && !call.answered), talking = Boolean(call?.since);
  offlineSince = online || !device ? undefined : offlineSince ?? now;
  const silence = !(now - offlineSince > 30000) ? '' : // nor when there is no offlineSince
    'Twilio has not answered for half a minute. Check the network, and whether a firewall blocks *.twilio.com.';
  const trouble = [problems.server, problems.twilio || silence, problems.call].filter(Boolean).join('\n');
  const offline = stopped ? 'Offline' : wasOnline || trouble ? 'Offline, trying again…' : 'Connecting…';
  const what = call ? call.what : !online ? offline : isSecureContext ? 'Online as' : 'Online without a microphone as';
  const who = call ? call.party : online ? user : '';

  document.title = call ? `${what} ${who}` : 'Softphone';
  element('screen').dataset.state =
    ringing ? 'ringing' : talking ? 'talking' : call ? 'calling' : online ? 'online' : 'offline';
  setText('initial', call && /^\p{L}/u.exec(who)?.[0] || '');
  setText('what', what);
  setText('who', who);
  setText('timer', talking ? minutes((now - call.since) / 1000) : '');
  setText('note', call ? '' : note);
  setText('problem', trouble);
  element('problem').hidden = !trouble;
  element('silent').hidden = window.Twilio?.Device.audioContext?.state !== 'suspended';
  element('answer').hidden = element('decline').hidden = !ringing;
  element('hangup').hidden = ringing;
  element('hangup').disabled = !call;
  element('dial').hidden = talking;
  element('dial').inert = Boolean(call) && !ringing; // it keeps its place, so that nothing moves
  element('call').disabled = !online || Boolean(call);
  element('talking').hidden = !talking;
  element('mute').setAttribute('aria-pressed', Boolean(call?.sdk?.isMuted()));

  // Otherwise keyboard users would have to start over. A second press of Enter
  // on the status does nothing, while it could hang up, or call again.
  if (focused.disabled || focused.closest('[hidden], [inert]')) {
    element(ringing ? 'to' : 'status').focus();
  }
  if (talking && document.activeElement === element('status')) {
    element('hangup').focus();
  }
}

// setText changes a text that differs. Screen readers read it again otherwise.
function setText(id, text) {
  if (element(id).textContent !== text) {
    element(id).textContent = text;
  }
}

// minutes writes 75 seconds as 1:15.
function minutes(seconds) {
  const pad = n => String(Math.floor(n % 60)).padStart(2, '0');
  return seconds < 3600 ? `${Math.floor(seconds / 60)}:${pad(seconds)}` :
    `${Math.floor(seconds / 3600)}:${pad(seconds / 60)}:${pad(seconds)}`;
}
