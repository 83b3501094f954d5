#!/bin/sh
# Run the whole chain, showing each command before it runs: demo.sh RUN SEED SERVE PORT
set -eu
run=$1 seed=$2 serve=$3 port=$4

step() {
    printf '\n\033[1m# %s\033[0m\n' "$1"
    shift
    printf '$ %s\n' "$*"
    "$@"
}

mkdir -p "$run"
earlier=$(if [ -e "$run/bundle/manifest.json" ]; then cksum <"$run/bundle/manifest.json"; fi)
rm -rf "$run/images" "$run/simulated.sqlite" "$run/simulated.sqlite-wal" "$run/simulated.sqlite-shm"

step "Draw the images: wolves on snow and huskies on grass, and some that break this tie" \
    craft-stimuli draw husky_wolf "$run/images" --seed "$seed"
step "Train a probe on the images that keep the tie, and find its concepts of each class" \
    craft-concepts extract configs/husky_wolf.toml --images "$run/images" --out "$run/concepts"
step "Turn concepts and images into a study" \
    craft-stimuli build configs/husky_wolf_study.toml --concepts "$run/concepts" \
    --images "$run/images" --out "$run/bundle"
step "Check it: whole, sound, and no answer given away" \
    craft-stimuli check "$run/bundle"
step "Let 60 simulated participants take part in the running server, over HTTP" \
    craft-study simulate "$run/bundle" --database "$run/simulated.sqlite" --participants 60 \
    --seed "$seed"
step "Export their answers" \
    craft-study export --database "$run/simulated.sqlite" "$run/export"
step "Compute the report" \
    craft-analysis report "$run/export" --out "$run/results" --simulated

# A database belongs to one bundle: where the bundle has changed, the earlier answers are kept aside.
if [ -e "$run/study.sqlite" ] && [ "$earlier" != "$(cksum <"$run/bundle/manifest.json")" ]; then
    aside="$run/study-$(date +%Y%m%d-%H%M%S).sqlite"
    for end in "" -wal -shm; do
        if [ -e "$run/study.sqlite$end" ]; then mv "$run/study.sqlite$end" "$aside$end"; fi
    done
    printf '\nThe study has changed; the answers to the earlier one are in %s\n' "$aside"
fi

printf '\nThe report: %s\n' "$run/results/report.html"
[ "$serve" = 0 ] && exit 0

printf '\n\033[1m# %s\033[0m\n' "Now take part yourself (Ctrl-C ends the server; make serve starts it again)"
printf '$ %s\n' "craft-study serve $run/bundle --database $run/study.sqlite --port $port"
exec craft-study serve "$run/bundle" --database "$run/study.sqlite" --port "$port"
