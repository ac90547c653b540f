// swift-tools-version: 6.1
import PackageDescription

// A package of its own that sees what users see: public interfaces, nothing else.
let package = Package(
  name: "Consumer",
  dependencies: [.package(name: "LatticeCRF", path: "../..")],
  targets: [
    // The pieces that docs/plug-in.md shows.
    .target(
      name: "Pieces",
      dependencies: [
        .product(name: "LatticeSupport", package: "LatticeCRF"),
        .product(name: "Lattice", package: "LatticeCRF"),
        .product(name: "Unaries", package: "LatticeCRF"),
        .product(name: "MeanField", package: "LatticeCRF"),
      ]),
    // Registers them, runs each by its name, and checks what they promise.
    .executableTarget(
      name: "consumer",
      dependencies: [
        "Pieces",
        .product(name: "Conformance", package: "LatticeCRF"),
        .product(name: "Pipeline", package: "LatticeCRF"),
      ]),
  ]
)
