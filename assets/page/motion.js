// Motion on a head in 3D, in step with its sound. Runs inside Gradio's HTML component, which provides element and watch.
const PLAIN = 'This browser shows no 3D because WebGL is off or missing; the sound plays, and the export works all the same.';
const calm = matchMedia('(prefers-reduced-motion: reduce)');
let leave = () => {};
const address = path => new URL('gradio_api/file=' + encodeURI(path).replace(/[#?]/g, encodeURIComponent), document.baseURI);

async function begin() {
  leave();
  const root = element.querySelector('.viewer');
  if (!root) return;
  const part = name => root.querySelector(name), total = Number(root.dataset.seconds);
  const sound = new Audio(address(root.dataset.sound)), clock = { at: 0, since: 0 };
  let stage = null, frame = 0, gone = false;
  leave = () => {
    gone = true;
    cancelAnimationFrame(frame);
    sound.pause();
    sound.removeAttribute('src');
    stage?.close();
  };
  const playing = () => !sound.paused && !sound.ended;
  // A player's clock jumps in steps in some browsers; between them time goes on by itself.
  const now = () => {
    if (sound.currentTime !== clock.at) Object.assign(clock, { at: sound.currentTime, since: performance.now() });
    const on = playing() ? Math.min((performance.now() - clock.since) / 1000, 0.25) : 0;
    return Math.min(clock.at + on, total);
  };
  const show = () => {
    const at = now(), range = part('input');
    if (document.activeElement !== range || playing()) range.value = at;
    range.style.setProperty('--range_progress', 100 * at / total + '%');
    range.setAttribute('aria-valuetext', `${at.toFixed(1)} of ${total.toFixed(1)} seconds`);
    part('output').textContent = `${at.toFixed(1)} / ${total.toFixed(1)} s`;
    root.dataset.at = at.toFixed(3);
    stage?.draw(at);
  };
  const run = () => {
    cancelAnimationFrame(frame);
    show();
    if (playing() && !gone) frame = requestAnimationFrame(run);
  };
  const seek = at => {
    sound.currentTime = Math.min(Math.max(at, 0), total);
    Object.assign(clock, { at: sound.currentTime, since: performance.now() });
    show();
  };
  const toggle = () => {
    if (playing()) return sound.pause();
    if (now() >= total - 0.05) seek(0);
    sound.play().catch(() => {});
  };
  for (const kind of ['play', 'pause', 'ended']) sound.addEventListener(kind, () => {
    part('.play').textContent = playing() ? 'Pause' : 'Play';
    run();
  });
  sound.addEventListener('seeked', show);
  part('.play').addEventListener('click', toggle);
  part('input').addEventListener('input', event => seek(Number(event.target.value)));
  part('.side').addEventListener('click', event => {
    const side = event.target.getAttribute('aria-pressed') !== 'true';
    event.target.setAttribute('aria-pressed', side);
    stage?.turn(side);
    show();
  });
  const keys = { ' ': toggle, k: toggle, ArrowLeft: () => seek(now() - 1), ArrowRight: () => seek(now() + 1),
    Home: () => seek(0), End: () => seek(total) };
  part('canvas').addEventListener('keydown', event => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  try {
    stage = await setUp(part('canvas'), address(root.dataset.model), show);
  } catch (error) {
    part('.told').textContent = error.message === 'WebGL' ? PLAIN : 'The 3D preview could not be loaded; press the button again.';
    root.classList.add('flat');
  }
  if (gone) return stage?.close();
  root.dataset.ready = 'yes';
  show();
  if (!calm.matches) toggle();
}

async function setUp(canvas, model, show) {
  if (!canvas.getContext('webgl2', { antialias: true, alpha: true })) throw new Error('WebGL');
  const three = await import(new URL('page/three.min.js', document.baseURI));
  const file = await new three.GLTFLoader().loadAsync(model.href);
  const renderer = new three.WebGLRenderer({ canvas, context: canvas.getContext('webgl2') });
  const scene = new three.Scene(), camera = new three.PerspectiveCamera(20, 1, 0.01, 100);
  const light = new three.DirectionalLight('#fff4e6', 2.3), rim = new three.DirectionalLight('#cfe0ff', 0.9);
  light.position.set(0.5, 0.8, 1.2);
  rim.position.set(-1, 0.3, 0.4);
  scene.add(file.scene, new three.HemisphereLight('#ffffff', '#9a8f80', 1.6), light, rim);
  const mixer = new three.AnimationMixer(file.scene), clip = file.animations[0];
  mixer.clipAction(clip).play();
  mixer.setTime(0);
  const { middle, height } = faceOf(three, file.scene);
  const look = side => {
    const away = height * 1.04 / 2 / Math.tan(three.MathUtils.degToRad(camera.fov / 2)), angle = side ? 0.9 : 0;
    camera.position.set(middle.x + away * Math.sin(angle), middle.y, middle.z + away * Math.cos(angle));
    camera.lookAt(middle);
  };
  const size = () => {
    renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    renderer.setSize(canvas.clientWidth, canvas.clientHeight, false);
    camera.aspect = canvas.clientWidth / Math.max(canvas.clientHeight, 1);
    camera.updateProjectionMatrix();
    show();
  };
  look(false);
  const sizes = new ResizeObserver(size);
  sizes.observe(canvas);
  return {
    turn: look,
    draw: at => {
      mixer.setTime(Math.min(at, clip.duration - 1e-4));
      renderer.render(scene, camera);
    },
    close: () => {
      sizes.disconnect();
      renderer.dispose();
      renderer.forceContextLoss();
    },
  };
}

// Where to look: at the bone called head of a whole figure, else at everything that moves.
function faceOf(three, scene) {
  let bone = null;
  const box = new three.Box3();
  scene.updateMatrixWorld(true);
  scene.traverse(item => {
    if (item.isBone && /(^|[^a-z])head$/i.test(item.name)) bone ??= item;
    if (item.morphTargetInfluences) box.expandByObject(item);
  });
  const middle = box.getCenter(new three.Vector3()), height = box.getSize(new three.Vector3()).y;
  if (!bone || height < 0.6) return { middle, height };
  return { middle: bone.getWorldPosition(middle).add(new three.Vector3(0, 0.08, 0)), height: 0.36 };
}
watch('value', begin);
begin();
