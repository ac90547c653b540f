// swift-tools-version: 6.1
import PackageDescription

// A package of its own that sees what users see: public interfaces, nothing else. Its pieces are
// those that docs/plug-in.md shows; it registers them, runs each by its name, and checks what they
// promise.
let package = Package(
  name: "Consumer",
  dependencies: [.package(name: "LatticeCRF", path: "../..")],
  targets: [
    .executableTarget(
      name: "Consumer",
      dependencies: [
        "LatticeSupport", "Lattice", "Unaries", "MeanField", "Pipeline", "Conformance",
      ].map { .product(name: $0, package: "LatticeCRF") })
  ]
)
