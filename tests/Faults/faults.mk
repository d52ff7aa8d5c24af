# Kills, failing calls, rotten repositories, hostile input and rough neighbours. Included by the Makefile.
#
#   make test-faults               everything; about two hours on two cores
#   make test-faults SCALE=10      a tenth of it
#   make test-faults PARTS=rot     some of: sweep rot model live together hostile power places swaps
#
# What fails is printed with the command that does it again.

SCALE ?= 1
FAULT_PARTS := sweep rot model live together hostile power places swaps
PLACE_LIBRARY := artifacts/places.so
FAULT_LIBRARY := artifacts/fault.so
SWAP := artifacts/swap
FAULT_KERNEL := artifacts/kernel/vmlinuz
MUTANT_COUNTS := artifacts/test-results/mutants.counts
FAULTS := --binary $(BINARY) --work $${TMPDIR:-/var/tmp}
scaled = $$(($(1) / $(SCALE) > $(2) ? $(1) / $(SCALE) : $(2)))

$(FAULT_LIBRARY) $(PLACE_LIBRARY): artifacts/%.so: tests/Faults/%.c
	@mkdir -p $(@D)
	gcc -shared -fPIC -O1 -Wall -Wextra -Werror -o $@ $< -ldl

$(SWAP): tests/Faults/swap.c
	@mkdir -p $(@D)
	gcc -O1 -Wall -Wextra -Werror -o $@ $<

$(FAULT_KERNEL):
	tests/Faults/kernel.sh $@

NEED_test-faults := python3 mount qemu-system-x86 busybox-static e2fsprogs rclone strace
NEED_test-mutants := $(NEED_test-faults)

.PHONY: test-faults
test-faults: need-test-faults build
	@rm -f artifacts/test-results/faults-*.counts; mkdir -p artifacts/test-results; status=0; \
	for part in $(or $(PARTS),$(FAULT_PARTS)); do \
	  $(MAKE) --no-print-directory faults-$$part || { status=1; counts=artifacts/test-results/faults-$$part.counts; test -s $$counts || echo 0 1 0 >$$counts; }; \
	done; exit $$status

.PHONY: $(FAULT_PARTS:%=faults-%)
faults-sweep: $(FAULT_LIBRARY)
	tests/Faults/sweep.py $(FAULTS) --library $(FAULT_LIBRARY) --every $(SCALE) --counts artifacts/test-results/$@.counts

faults-rot:
	tests/Faults/rot.py $(FAULTS) --flips $(call scaled,10000,10) --counts artifacts/test-results/$@.counts

faults-model: $(FAULT_LIBRARY)
	tests/Faults/model.py $(FAULTS) --library $(FAULT_LIBRARY) --sequences $(call scaled,60,1) --counts artifacts/test-results/$@.counts

faults-live:
	tests/Faults/live.py $(FAULTS) --snapshots $(call scaled,100,4) --counts artifacts/test-results/$@.counts

faults-together:
	tests/Faults/together.py $(FAULTS) --seconds $(call scaled,60,5) --counts artifacts/test-results/$@.counts

# All of it at any scale: two minutes. Places that cannot be mounted here, by rules from the kernel's sources: see the head of places.py.
faults-places: $(PLACE_LIBRARY)
	tests/Faults/places.py $(FAULTS) --library $(PLACE_LIBRARY) --counts artifacts/test-results/$@.counts

# 17,000 cases. Needs root. Each takes some tenths of a second, so that a shorter look has a third of its share.
faults-swaps: $(SWAP)
	tests/Faults/swaps.py $(FAULTS) --swap $(SWAP) --every $$(($(SCALE) > 1 ? $(SCALE) * 3 : 1)) --counts artifacts/test-results/$@.counts

# Plain emulation of an amd64 machine, which works anywhere.
faults-power: $(FAULT_KERNEL)
	tests/Faults/power.py $(FAULTS) --kernel $(FAULT_KERNEL) --cuts $(call scaled,200,2) --counts artifacts/test-results/$@.counts

# A million and more inputs in all.
faults-hostile: artifacts/Unit.built
	FUZZ_INPUTS=$(call scaled,150000,10) tests/Unit/bin/Debug/net10.0/Unit -noLogo -noColor -class VertexAr.Backup.Tests.Fuzz.HostileInputTests

# Bugs that are planted one at a time, to see that the suites above catch each; half an hour on two cores. ONLY= for some.
.PHONY: test-mutants look-mutants
test-mutants: need-test-mutants build $(FAULT_LIBRARY) $(SWAP) $(FAULT_KERNEL) artifacts/Unit.built
	@mkdir -p $(dir $(MUTANT_COUNTS))
	tests/Mutants/mutants.py --work $${TMPDIR:-/var/tmp} --kernel $(FAULT_KERNEL) --library $(FAULT_LIBRARY) --swap $(SWAP) --counts $(MUTANT_COUNTS) \
	  $(if $(ONLY),--only "$(ONLY)")

# That each of them still has its place in the sources, which moves from time to time.
look-mutants:
	@mkdir -p $(dir $(MUTANT_COUNTS))
	tests/Mutants/mutants.py --look --counts $(MUTANT_COUNTS)
